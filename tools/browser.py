"Chromium for the checks of the site's pages: without a window, its console kept"
import shutil

WIDTHS = 1300, 390 # pixels of a window, and of a phone


def _program(): return shutil.which('chromium') or shutil.which('chromium-browser')


def has_browser():
    "Are Chromium and its driver installed?"
    return bool(_program() and shutil.which('chromedriver'))


def browser():
    "Chromium without a window, and without a network but for this machine"
    from selenium import webdriver
    options = webdriver.ChromeOptions()
    options.binary_location = _program()
    offline = 'host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'
    for o in ('headless=new', 'no-sandbox', 'disable-dev-shm-usage', offline): options.add_argument(f'--{o}')
    options.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
    return webdriver.Chrome(options, webdriver.ChromeService(shutil.which('chromedriver')))


def at_width(driver, width, mobile=False):
    "Give the page so many pixels, fewer than a window can have; on a phone, if mobile"
    metrics = dict(width=width, height=900, deviceScaleFactor=1, mobile=mobile)
    driver.execute_cdp_cmd('Emulation.setDeviceMetricsOverride', metrics)
