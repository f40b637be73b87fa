//! [`Browser`]: a Chromium without a window, in which a test does what a person
//! would do.
//!
//! A browser never reaches anything but this machine: other names lead nowhere. At
//! its [end](Browser::end) it fails the test when a page asked for something
//! outside, or when something went wrong that only the console says, such as a
//! script that the policy of the pages stopped.

mod driver;
mod judge;
mod person;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::sync::Mutex;

use serde_json::json;
use test_support::eventually;
use thirtyfour::{
    Capabilities, ChromiumLikeCapabilities, DesiredCapabilities, LoggingPrefsLogLevel, WebDriver,
};

use crate::browser::Site;
use driver::Driver;

/// What the session asks for. Root needs `--no-sandbox`; containers are given too
/// little shared memory.
const ARGUMENTS: [&str; 7] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/// How much of a page is seen at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Window {
    Laptop,
    Phone,
}

impl Window {
    pub(crate) fn width(self) -> u32 {
        match self {
            Self::Laptop => 1280,
            Self::Phone => 390,
        }
    }

    fn height(self) -> u32 {
        match self {
            Self::Laptop => 800,
            Self::Phone => 844,
        }
    }
}

/// A browser that is gone with this value, with all its processes.
pub(crate) struct Browser {
    session: Option<WebDriver>,
    /// After the session, which is given up before the process.
    driver: Driver,
    window: Window,
    /// Where the studio is served, with a slash at the end.
    studio: String,
    /// The same with the path of the session.
    home: Mutex<String>,
    /// Parts of messages in the console that the test expects.
    expected: Vec<&'static str>,
    /// Beginnings of addresses beyond the studio that it expects.
    strangers: Vec<String>,
    has_ended: bool,
}

impl Browser {
    /// On a laptop, with the address open that the studio printed.
    pub(crate) async fn at(site: &Site) -> Self {
        Self::with(site, Window::Laptop).await
    }

    /// The same in another window.
    pub(crate) async fn with(site: &Site, window: Window) -> Self {
        let driver = Driver::start().await;
        let session = WebDriver::new(driver.url(), capabilities(&driver)).await;
        let session = session.unwrap_or_else(|error| {
            panic!("Chromium does not start (`cargo xtask test` installs it): {error}")
        });
        let this = Self {
            session: Some(session),
            driver,
            window,
            studio: format!("http://127.0.0.1:{}/", site.port),
            home: Mutex::new(String::new()),
            expected: Vec::new(),
            strangers: Vec::new(),
            has_ended: false,
        };
        this.resize().await;
        // What a browser asks for to show itself is not the studio's fault.
        this.leave("about:blank").await;
        this.complaints().await;
        this.enter(&site.url()).await;
        this
    }

    /// Opens an address that lets the browser in, and waits for where it leads.
    pub(crate) async fn enter(&self, address: &str) {
        self.session().goto(address).await.unwrap();
        self.is_let_in().await;
    }

    /// Waits until the browser has a session.
    pub(crate) async fn is_let_in(&self) {
        eventually("the studio opens", async || {
            let address = self.address().await;
            let rest = address.strip_prefix(&self.studio).unwrap_or_default();
            let session = rest.split_once('/').map(|(session, _)| session);
            let is_let_in = session.is_some_and(|session| session.len() == 32);
            if is_let_in {
                let home = format!("{}{}/", self.studio, session.unwrap());
                *self.home.lock().unwrap() = home;
            }
            is_let_in
        })
        .await;
        self.rests().await;
    }

    fn home(&self) -> String {
        self.home.lock().unwrap().clone()
    }

    async fn resize(&self) {
        let metrics = json!({
            "width": self.window.width(),
            "height": self.window.height(),
            "deviceScaleFactor": 1,
            "mobile": matches!(self.window, Window::Phone),
        });
        self.tell("Emulation.setDeviceMetricsOverride", metrics)
            .await;
    }

    /// Lets the system prefer `scheme`: `light` or `dark`.
    pub(crate) async fn prefer(&self, scheme: &str) {
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.tell("Emulation.setEmulatedMedia", media).await;
    }

    /// The test goes on although the console says this.
    pub(crate) fn expect(&mut self, message: &'static str) {
        self.expected.push(message);
    }

    /// The test goes on although a page asked for this.
    pub(crate) fn expect_stranger(&mut self, address: String) {
        self.strangers.push(address);
    }

    /// The test opens a file.
    pub(crate) fn expect_file(&mut self) {
        self.expect_stranger("file:///".to_owned());
    }

    /// The addresses that the tab can go back to.
    pub(crate) async fn history(&self) -> Vec<String> {
        let history = self.tell("Page.getNavigationHistory", json!({})).await;
        let entries = history["entries"].as_array().unwrap().iter();
        let urls = entries.map(|entry| entry["url"].as_str().unwrap().to_owned());
        urls.collect()
    }

    /// The path of the browser's session, with a slash before it.
    pub(crate) fn session_path(&self) -> String {
        let home = self.home();
        let path = home.strip_prefix(&self.studio).unwrap();
        format!("/{}", path.trim_end_matches('/'))
    }

    /// Says that the test is done with it, and judges what nobody saw.
    pub(crate) async fn end(mut self) {
        self.has_ended = true;
        let wrong = self.complaints().await;
        assert!(wrong.is_empty(), "{wrong:#?}");
        drop(self.session.take().unwrap().quit().await);
    }

    fn session(&self) -> &WebDriver {
        self.session.as_ref().unwrap()
    }

    /// What is seen, as a PNG.
    pub(crate) async fn picture(&self) -> Vec<u8> {
        self.session().screenshot_as_png().await.unwrap()
    }

    async fn tell(&self, command: &str, parameters: serde_json::Value) -> serde_json::Value {
        let tools = self.session().cdp();
        tools.send_raw(command, parameters).await.unwrap()
    }
}

fn capabilities(driver: &Driver) -> Capabilities {
    let mut capabilities = DesiredCapabilities::chrome();
    for argument in ARGUMENTS {
        capabilities.add_arg(argument).unwrap();
    }
    let profile = format!("--user-data-dir={}", driver.profile().display());
    capabilities.add_arg(&profile).unwrap();
    for log in ["browser", "performance"] {
        let all = LoggingPrefsLogLevel::All;
        capabilities.set_logging_prefs(log, all).unwrap();
    }
    // Else it begins with a page of its own, which takes longer than most of the
    // studio's.
    let start = json!({
        "session.restore_on_startup": 4,
        "session.startup_urls": ["about:blank"],
    });
    capabilities
        .add_experimental_option("prefs", start)
        .unwrap();
    capabilities.into()
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.driver.kill();
        if let Some(session) = self.session.take() {
            // There is nobody any more whom its own end could tell.
            drop(session.leak());
        }
        assert!(
            self.has_ended || std::thread::panicking(),
            "the test forgot `browser.end().await`, which judges what nobody saw"
        );
    }
}

#[tokio::test]
async fn a_browser_that_a_test_forgets_to_end_fails_it_and_leaves_nothing_behind() {
    let site = Site::new().await;
    let browser = Browser::at(&site).await;
    let (group, folder) = browser.driver.traces();
    assert!(processes(group) > 3 && folder.exists());
    let forgotten = catch_unwind(AssertUnwindSafe(|| drop(browser)));
    let message = *forgotten.unwrap_err().downcast::<&str>().unwrap();
    assert!(message.contains("browser.end()"), "{message}");
    assert!(!folder.exists());
    eventually("all processes have ended", async || processes(group) == 0).await;
}

/// How many processes of the group have not ended. Those that have may be listed
/// still.
fn processes(group: u32) -> usize {
    let list = Command::new("ps")
        .args(["-A", "-o", "pgid=,stat="])
        .output();
    let list = String::from_utf8(list.unwrap().stdout).unwrap();
    let group = group.to_string();
    let of_it = list.lines().filter_map(|line| {
        let (number, state) = line.trim().split_once(char::is_whitespace)?;
        Some(state).filter(|_| number == group)
    });
    of_it.filter(|state| !state.trim().starts_with('Z')).count()
}
