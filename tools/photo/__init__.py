"""The photograph enlarger, `make upscale`: people's own pictures ×4, with what their files say besides."""
