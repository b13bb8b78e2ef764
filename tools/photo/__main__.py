import sys

from .upscale import main

sys.exit(main())
