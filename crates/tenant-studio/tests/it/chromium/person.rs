//! What a person does in a browser, and sees there.

use serde::de::DeserializeOwned;
use test_support::eventually;
use thirtyfour::prelude::*;

use super::Browser;

impl Browser {
    /// Types `path` into the address bar.
    pub(crate) async fn go(&self, path: &str) {
        let address = format!("{}{}", self.home(), path.trim_start_matches('/'));
        self.session().goto(address).await.unwrap();
        self.rests().await;
    }

    /// Waits for what a page asks for once it is shown, and puts in the place of
    /// what is there.
    pub(crate) async fn rests(&self) {
        eventually("the page is complete", async || {
            let script = "return !document.querySelector('[data-later]')";
            self.script(script).await
        })
        .await;
    }

    /// Goes to a page that is not the studio's.
    pub(crate) async fn leave(&self, address: &str) {
        self.session().goto(address).await.unwrap();
    }

    /// What the address bar shows.
    pub(crate) async fn address(&self) -> String {
        self.session().current_url().await.unwrap().to_string()
    }

    /// The same without the studio's own part.
    pub(crate) async fn path(&self) -> String {
        let address = self.address().await;
        let path = address.strip_prefix(&self.home());
        format!("/{}", path.unwrap_or_else(|| panic!("led to {address}")))
    }

    pub(crate) async fn back(&self) {
        self.session().back().await.unwrap();
    }

    pub(crate) async fn reload(&self) {
        self.session().refresh().await.unwrap();
    }

    /// Clicks the first that `css` means, once it is there.
    pub(crate) async fn click(&self, css: &str) {
        self.find(css).await.click().await.unwrap();
    }

    /// Clicks the link or the button that says exactly this.
    pub(crate) async fn click_on(&self, says: &str) {
        let path = format!(
            "//*[(self::a or self::button or self::summary) and normalize-space()='{says}']"
        );
        let found = self.session().query(By::XPath(path)).and_displayed();
        let found = found.first().await;
        found.unwrap().click().await.unwrap();
    }

    /// Types into a field, in place of what is there.
    pub(crate) async fn fill(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Chooses from a list what is called exactly this.
    pub(crate) async fn choose(&self, css: &str, called: &str) {
        let option = format!(".//option[normalize-space()='{called}']");
        let list = self.find(css).await;
        let option = list.find(By::XPath(option)).await;
        option.unwrap().click().await.unwrap();
    }

    /// Presses keys, wherever the focus is.
    pub(crate) async fn press(&self, keys: impl Into<TypingData>) {
        let active = self.session().active_element().await.unwrap();
        active.send_keys(keys).await.unwrap();
    }

    /// What is to be read there now, each on its own.
    pub(crate) async fn texts(&self, css: &str) -> Vec<String> {
        let script = format!(
            "return [...document.querySelectorAll({css:?})].map(one => (one.innerText ?? one.textContent).trim())"
        );
        self.script(&script).await
    }

    /// What is to be read in the first, once it is there.
    pub(crate) async fn text(&self, css: &str) -> String {
        self.find(css).await;
        self.texts(css).await.swap_remove(0)
    }

    /// The cells of the grid, row by row.
    pub(crate) async fn cells(&self) -> Vec<Vec<String>> {
        let script = "return [...document.querySelectorAll('.grid tbody tr')].map(row => \
            [...row.querySelectorAll('.cell')].map(cell => cell.innerText))";
        self.script(script).await
    }

    /// One column of the grid.
    pub(crate) async fn column(&self, at: usize) -> Vec<String> {
        let rows = self.cells().await.into_iter();
        rows.map(|row| row[at].clone()).collect()
    }

    /// Waits until this is to be read there.
    pub(crate) async fn sees(&self, css: &str, text: &str) {
        let seen = async || {
            let texts = self.texts(css).await;
            texts.iter().any(|one| one.contains(text))
        };
        eventually(&format!("{css} says “{text}”"), seen).await;
    }

    /// Waits until the address bar shows this.
    pub(crate) async fn arrives(&self, path: &str) {
        eventually(&format!("{path} is open"), async || {
            self.path().await == path
        })
        .await;
    }

    /// What a script returns that runs in the page.
    pub(crate) async fn script<T: DeserializeOwned>(&self, script: &str) -> T {
        let answer = self.session().execute(script, Vec::new()).await.unwrap();
        answer.convert().unwrap()
    }

    async fn find(&self, css: &str) -> WebElement {
        let found = self.session().query(By::Css(css)).first().await;
        found.unwrap_or_else(|error| panic!("no {css}: {error}"))
    }
}
