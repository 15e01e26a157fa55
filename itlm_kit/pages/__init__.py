"""Pages that work offline: the templates of a package, and one style for all of them."""

import jinja2


def template(package: str, name: str) -> jinja2.Template:
    """The template `name` in the folder `template` of a package; it may include "base.css", which all pages share."""
    loaders = [jinja2.PackageLoader(package, "template"), jinja2.PackageLoader("itlm_kit.pages", "")]
    loader = jinja2.ChoiceLoader(loaders)
    return jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True).get_template(name)
