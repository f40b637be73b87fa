//! What is wrong with a page although nobody sees it.

use serde_json::{Value, json};

use super::Browser;

/// Roles of what a person operates, which somebody who does not see it has to be
/// told the name of.
const CONTROLS: [&str; 14] = [
    "DisclosureTriangle",
    "button",
    "checkbox",
    "combobox",
    "dialog",
    "link",
    "listbox",
    "option",
    "radio",
    "region",
    "searchbox",
    "spinbutton",
    "switch",
    "textbox",
];

/// What scrolls from side to side, and may: a grid and a diagram are as wide as
/// they are.
const WIDE: &str = ".grid-box, .diagram";

/// Each element that is wider than its place, and makes its place scroll.
const SIDEWAYS: &str = "const wide = [...document.querySelectorAll('body *')]
    .filter(one => one.scrollWidth > one.clientWidth + 1 && one.checkVisibility())
    .filter(one => /auto|scroll/.test(getComputedStyle(one).overflowX))
    .filter(one => !one.matches(WIDE));
  const found = wide.map(one => `${one.outerHTML.slice(0, 80)} scrolls sideways`);
  const page = document.documentElement.scrollWidth;
  if (page > WIDTH) {
    const beyond = [...document.querySelectorAll('body *')].filter(one => !one.closest(WIDE)
      && (one.scrollWidth > WIDTH || one.getBoundingClientRect().right > WIDTH + 1));
    found.push(`the page is ${page} wide: ${beyond.map(one => one.outerHTML.slice(0, 80)).join('; ')}`);
  }
  return found;";

/// Walks by Tab. Each stop is noted with whether it can be seen that it is one.
const WALK: &str = "window.stops = [];
  window.unseen = new Set();
  document.addEventListener('focusin', ({target}) => {
    const style = getComputedStyle(target);
    const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
    const place = target.getBoundingClientRect();
    const seen = place.width > 0 && place.height > 0 && place.right > 0 && place.bottom > 0
      && place.left < innerWidth && place.top < innerHeight;
    stops.push(target);
    if (!ring || !seen) unseen.add(target.outerHTML.slice(0, 80));
  });
  window.controls = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex=\"0\"]')]
    .filter(one => one.checkVisibility() && !one.disabled && one.type !== 'hidden');
  return controls.length;";

/// Of the buttons of one choice Tab leads to one, and the arrows to the others.
const MISSED: &str = "return [...[...unseen].map(one => `no focus is seen on ${one}`),
  ...controls.filter(one => !stops.some(stop => stop === one
    || one.type === 'radio' && stop.name === one.name)).map(one => `Tab does not lead to ${one.outerHTML.slice(0, 80)}`)]";

impl Browser {
    /// What was wrong since the last time this was asked: errors in the console,
    /// and requests to others than the studio.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let entries = self.session().get_log("browser").await.unwrap();
        let severe = entries.into_iter().filter(|entry| entry.level == "SEVERE");
        let severe = severe.map(|entry| entry.message);
        let is_expected =
            |message: &String| self.expected.iter().any(|part| message.contains(part));
        let mut wrong = severe
            .filter(|message| !is_expected(message))
            .collect::<Vec<_>>();
        let strangers = self.requests().await.into_iter();
        let known = |url: &String| {
            let strangers = self.strangers.iter().map(String::as_str);
            let known = strangers.chain([self.studio.as_str(), "data:"]);
            known.into_iter().any(|start| url.starts_with(start))
        };
        let strangers = strangers.filter(|url| !known(url));
        wrong.extend(strangers.map(|url| format!("a page asked for {url}")));
        wrong
    }

    /// The addresses that pages asked for since the last time.
    async fn requests(&self) -> Vec<String> {
        let entries = self.session().get_log("performance").await.unwrap();
        let events = entries
            .iter()
            .map(|entry| serde_json::from_str::<Value>(&entry.message).unwrap());
        let sent = events.filter(|event| event["message"]["method"] == "Network.requestWillBeSent");
        let url = |event: Value| {
            event["message"]["params"]["request"]["url"]
                .as_str()
                .map(str::to_owned)
        };
        sent.filter_map(url).collect()
    }

    /// The controls of the page that have no name, also those that are folded away.
    pub(crate) async fn nameless(&self) -> Vec<String> {
        let unfold = "document.querySelectorAll('details').forEach(one => one.open = true)";
        self.script::<Value>(unfold).await;
        let tree = self.tell("Accessibility.getFullAXTree", json!({})).await;
        let nodes = tree["nodes"].as_array().unwrap();
        let controls = nodes.iter().filter(|node| {
            let role = node["role"]["value"].as_str().unwrap_or_default();
            node["ignored"] == false && CONTROLS.contains(&role)
        });
        let controls = controls.collect::<Vec<_>>();
        assert!(controls.len() > 3, "{tree}");
        let name = |node: &Value| {
            node["name"]["value"]
                .as_str()
                .unwrap_or_default()
                .trim()
                .to_owned()
        };
        let mut found = Vec::new();
        for node in controls.into_iter().filter(|node| name(node).is_empty()) {
            let element = json!({"backendNodeId": node["backendDOMNodeId"]});
            let html = self.tell("DOM.getOuterHTML", element).await;
            found.push(format!("no name: {}", html["outerHTML"]));
        }
        found
    }

    /// What makes one scroll from side to side.
    pub(crate) async fn sideways(&self) -> Vec<String> {
        let width = self.window.width().to_string();
        let script = SIDEWAYS.replace("WIDTH", &width);
        self.script(&script.replace("WIDE", &format!("{WIDE:?}")))
            .await
    }

    /// What cannot be reached by Tab, or does not show that it was.
    pub(crate) async fn unreachable_by_tab(&self) -> Vec<String> {
        let controls: usize = self.script(WALK).await;
        let tabs = "\u{e004}".repeat(controls + 10);
        let keys = self.session().action_chain().send_keys(tabs);
        keys.perform().await.unwrap();
        self.script(MISSED).await
    }
}
