"""Pages that work offline: the templates of a package, and one style for all of them."""

from typing import TYPE_CHECKING

from itlm_kit.extras import needs

if TYPE_CHECKING:
    from jinja2 import Template


def template(package: str, name: str) -> "Template":
    """The template `name` in the folder `template` of a package; it may include "base.css", which all pages share."""
    needs("jinja2")
    import jinja2

    loaders = [jinja2.PackageLoader(package, "template"), jinja2.PackageLoader("itlm_kit.pages", "")]
    loader = jinja2.ChoiceLoader(loaders)
    return jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True).get_template(name)
