"""`python -m itlm_kit.cli`: the `itlm` command where it is not on the path."""

from itlm_kit.cli import main

if __name__ == "__main__":
    main()
