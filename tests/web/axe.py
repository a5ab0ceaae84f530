"""What axe-core finds wrong with a page: the faults that keep somebody from reading or using it."""

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

KEEPS_PEOPLE_OUT = ("serious", "critical")


async def serious_faults(page: Page) -> list[str]:
    """Rule, what it says and where, of each fault that is serious or worse; of the page as it stands now."""
    found = await Axe().run(page)
    return [
        f"{fault['id']} ({fault['help']}): {', '.join(str(node['target'][0]) for node in fault['nodes'][:5])}"
        for fault in found.response["violations"]
        if fault["impact"] in KEEPS_PEOPLE_OUT
    ]
