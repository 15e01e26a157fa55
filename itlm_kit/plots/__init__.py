"""Arrays in, a figure out. With matplotlib, which the extra `pages` brings."""

from itlm_kit.extras import needs

needs("matplotlib")
