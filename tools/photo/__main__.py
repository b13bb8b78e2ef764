import sys

from tools.photo.upscale import main

sys.exit(main())
