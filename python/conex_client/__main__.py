"""python -m conex_client ADDRESS call NAME [JSON ...]: to try functions out.

    python -m conex_client 127.0.0.1:5000 functions
    python -m conex_client 127.0.0.1:5000 call square 7

Each JSON is an argument, and so is the result. The key is that of
--authkey-file, or of the environment's CONEX_AUTHKEY.
"""

import argparse
import json
import sys
from typing import List, Optional

import conex_client


def main(argv: Optional[List[str]] = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m conex_client", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("address", help='"host:port", or the path of a unix socket')
    parser.add_argument("--authkey-file", metavar="FILE")
    parser.add_argument("--ca", metavar="FILE", help="use TLS, and trust this authority")
    parser.add_argument("--cert", metavar="FILE", help="the certificate of this client")
    parser.add_argument("--key", metavar="FILE", help="its private key")
    parser.add_argument("--timeout", type=float, metavar="SECONDS")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("functions", help="say what there is to call")
    call = commands.add_parser("call", help="call a function")
    call.add_argument("name")
    call.add_argument("json", nargs="*")
    options = parser.parse_args(argv)
    try:
        args = [json.loads(text) for text in getattr(options, "json", ())]
    except ValueError as err:
        parser.error("an argument is no JSON: %s; strings need quotes of their own" % err)
    try:
        tls = conex_client.tls(options.ca, options.cert, options.key) if options.ca or options.cert else None
        with conex_client.connect(
            options.address, authkey_file=options.authkey_file, tls=tls, timeout=options.timeout
        ) as go:
            if options.command == "functions":
                print("\n".join(go.functions()))
            else:
                print(json.dumps(go.call(options.name, *args), default=repr, ensure_ascii=False))
    except Exception as err:
        print("%s: %s" % (type(err).__name__, err), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
