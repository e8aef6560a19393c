"""A script that renders SVG from standard input as PNG to standard output: `python png_process.py WIDTH HEIGHT FONTS`.

The script runs in a separate process, because the renderer holds the global interpreter lock while it draws, and
because the resources of a process can be limited.
"""

import sys
from contextlib import suppress
from pathlib import Path

NOT_INSTALLED = 3
SECONDS_OF_CPU = 10
MEMORY_BYTES = 1024 * 1024 * 1024


def limit_resources() -> None:
    """Limit the CPU time and the memory of this process, if the system supports limits."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS_OF_CPU, SECONDS_OF_CPU))
        if sys.platform == "linux":
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def main() -> None:
    width, height, fonts = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    limit_resources()
    try:
        import resvg_py
    except ImportError:
        sys.exit(NOT_INSTALLED)
    svg = sys.stdin.buffer.read().decode()
    files = [str(path) for path in sorted(Path(fonts).glob("*.ttf"))]
    sys.stdout.buffer.write(resvg_py.svg_to_bytes(svg_string=svg, width=width, height=height, font_files=files))


if __name__ == "__main__":
    main()
