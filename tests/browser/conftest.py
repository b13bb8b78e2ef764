"""One Chromium for the tests of a file."""

import os
import shutil

import pytest


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium, or a skip. It ends with its file, since Playwright's event loop would disturb others."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium and not os.environ.get("REQUIRE_BROWSER"):
        pytest.skip("no Chromium here; sudo apt-get install --no-install-recommends chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()
