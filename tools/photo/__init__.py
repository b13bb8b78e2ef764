"""The photograph enlarger, `make upscale`: people's own pictures ×4, with what their files say besides."""

from sr_utils import streams

streams.mend()  # before its libraries open files
