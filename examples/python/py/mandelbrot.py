"""The Mandelbrot set, drawn into memory that the caller shares: a memoryview of two dimensions."""
try:
    import numpy
except ImportError:
    numpy = None

DEPTH = 100  # a pixel is the number of steps until it is clear that the point is outside, or this


def draw(image, top, bottom):
    """draw the rows from top up to bottom, and say by what"""
    if numpy is None:
        draw_plain(image, top, bottom)
        return "plain Python"
    draw_numpy(image, top, bottom)
    return "numpy"


def draw_plain(image, top, bottom):
    height, width = image.shape
    for y in range(top, bottom):
        ci = 2.4 * (y + 0.5) / height - 1.2
        for x in range(width):
            cr = 3.2 * (x + 0.5) / width - 2.3
            zr = zi = 0.0
            steps = 0
            while steps < DEPTH:
                rr, ii = zr * zr, zi * zi
                if rr + ii > 4.0:
                    break
                zi = 2.0 * zr * zi + ci
                zr = rr - ii + cr
                steps += 1
            image[y, x] = steps


def draw_numpy(image, top, bottom):
    height, width = image.shape
    y, x = numpy.mgrid[top:bottom, :width]
    ci = 2.4 * (y + 0.5) / height - 1.2
    cr = 3.2 * (x + 0.5) / width - 2.3
    zr, zi = numpy.zeros(ci.shape), numpy.zeros(ci.shape)
    rows = numpy.asarray(image)[top:bottom]  # the same memory
    rows[:] = 0
    for _ in range(DEPTH):
        rr, ii = zr * zr, zi * zi
        inside = rr + ii <= 4.0
        rows += inside
        zi = numpy.where(inside, 2.0 * zr * zi + ci, zi)
        zr = numpy.where(inside, rr - ii + cr, zr)
