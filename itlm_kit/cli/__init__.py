"""The `itlm` command."""

from itlm_kit.cli.commands import main

__all__ = ["main"]
