"""Line 3 is no Python."""

def broken(x)
    return x
