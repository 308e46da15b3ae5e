"""Dies when it is imported."""

import os

os.write(2, b"dying in the import\n")
os._exit(9)
