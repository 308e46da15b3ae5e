"""Makes a wheel of conex_client for pip: see PEP 517, PEP 660 and PEP 427.

The package is a folder of Python files, so a wheel is those, in a zip file, with
three small files that say what it is.
"""

import base64
import hashlib
import io
import os
import re
import tarfile
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGE = "conex_client"
SUMMARY = "Calls functions of a Go program that uses Conex"
WHEEL = "Wheel-Version: 1.0\nGenerator: conex_client\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def _read(*path):
    with open(os.path.join(HERE, *path), "rb") as f:
        return f.read()


VERSION = re.search(r'^__version__ = "(.*)"$', _read(PACKAGE, "__init__.py").decode(), re.M).group(1)
INFO = "%s-%s.dist-info" % (PACKAGE, VERSION)


def _metadata():
    head = [
        "Metadata-Version: 2.1",
        "Name: conex-client",
        "Version: " + VERSION,
        "Summary: " + SUMMARY,
        "Requires-Python: >=3.8",
        "Classifier: Programming Language :: Python :: 3",
        "Classifier: Typing :: Typed",
        "Description-Content-Type: text/markdown",
        "",
        "",
    ]
    return "\n".join(head).encode() + _read("README.md")


def _sources():
    """The files of the package, by their names in the wheel."""
    return {
        PACKAGE + "/" + name: _read(PACKAGE, name)
        for name in sorted(os.listdir(os.path.join(HERE, PACKAGE)))
        if name.endswith(".py") or name == "py.typed"
    }


def _wheel(directory, files):
    files = dict(files)
    files[INFO + "/METADATA"] = _metadata()
    files[INFO + "/WHEEL"] = WHEEL.encode()
    record = []
    for name, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        record.append("%s,sha256=%s,%d\n" % (name, digest, len(data)))
    record.append(INFO + "/RECORD,,\n")
    files[INFO + "/RECORD"] = "".join(record).encode()
    wheel = "%s-%s-py3-none-any.whl" % (PACKAGE, VERSION)
    with zipfile.ZipFile(os.path.join(directory, wheel), "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in files.items():
            # The date is always the same, so that the same files are the same wheel.
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            z.writestr(info, data)
    return wheel


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    return _wheel(wheel_directory, _sources())


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    return _wheel(wheel_directory, {"_conex_client.pth": (HERE + "\n").encode()})


def build_sdist(sdist_directory, config_settings=None):
    base = "%s-%s" % (PACKAGE, VERSION)
    files = dict(_sources())
    for name in ("pyproject.toml", "README.md", "build_backend.py"):
        files[name] = _read(name)
    files["PKG-INFO"] = _metadata()
    with tarfile.open(os.path.join(sdist_directory, base + ".tar.gz"), "w:gz", format=tarfile.PAX_FORMAT) as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(base + "/" + name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return base + ".tar.gz"
