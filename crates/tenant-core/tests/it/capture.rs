//! A subscriber that keeps what it hears, for the thread of one test.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::{Arc, LazyLock, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Dispatch, Event, Level, Metadata, Subscriber};

/// A span that was opened, or an event. What an event says is its name.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) name: String,
    pub(crate) level: Level,
    pub(crate) fields: BTreeMap<&'static str, String>,
    /// The fields that it can have, with or without a value this time.
    pub(crate) declared: BTreeSet<&'static str>,
    /// The spans around it, the outermost first: `migrate`, `tenant acme`.
    pub(crate) inside: Vec<String>,
}

impl Told {
    /// A field, empty when it is not there.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// The name of a span, and the schema that it is about.
    fn in_words(&self) -> String {
        let schema = format!("{}{}", self.field("tenant"), self.field("spare"));
        format!("{} {schema}", self.name).trim_end().to_owned()
    }
}

#[derive(Default)]
struct Heard {
    spans: Vec<Told>,
    events: Vec<Told>,
    entered: Vec<usize>,
}

/// Two who listen to nobody, for as long as the process lives. With a single
/// listener `tracing` asks the thread that comes to a place first whether anybody
/// wants to hear of it, and another test's thread says no for all.
static ALWAYS_THERE: LazyLock<[Dispatch; 2]> =
    LazyLock::new(|| [(); 2].map(|()| Dispatch::new(Listener(Arc::default()))));

/// Hears everything that this crate tells on this thread, while it exists.
pub(crate) struct Ear {
    heard: Arc<Mutex<Heard>>,
    _guard: DefaultGuard,
}

impl Ear {
    pub(crate) fn open() -> Self {
        LazyLock::force(&ALWAYS_THERE);
        let heard = Arc::<Mutex<Heard>>::default();
        let guard = tracing::subscriber::set_default(Listener(Arc::clone(&heard)));
        Self {
            heard,
            _guard: guard,
        }
    }

    /// The spans that were opened, in order. Each name and field is documented.
    pub(crate) fn spans(&self) -> Vec<Told> {
        documented(self.heard.lock().unwrap().spans.clone())
    }

    /// The events, in order. Each message and field is documented.
    pub(crate) fn events(&self) -> Vec<Told> {
        documented(self.heard.lock().unwrap().events.clone())
    }

    /// The events that say `message`.
    pub(crate) fn said(&self, message: &str) -> Vec<Told> {
        let mut events = self.events();
        events.retain(|event| event.name == message);
        events
    }
}

/// The same, once it is known that the crate's documentation has it all.
fn documented(told: Vec<Told>) -> Vec<Told> {
    let source = include_str!("../../src/events.rs").lines();
    let text = source.filter(|line| line.starts_with("//!"));
    let text = text.collect::<String>();
    for one in &told {
        for name in one.fields.keys().copied().chain([one.name.as_str()]) {
            let is_there = text.contains(&format!("`{name}`"));
            assert!(is_there, "`{name}` is not documented: {one:?}");
        }
    }
    told
}

struct Listener(Arc<Mutex<Heard>>);

impl Listener {
    fn told(heard: &Heard, metadata: &Metadata<'_>, fields: Fields) -> Told {
        let mut fields = fields.0;
        let message = fields.remove("message");
        let declared = metadata.fields().iter().map(|field| field.name());
        let declared = declared.filter(|name| *name != "message");
        let entered = heard.entered.iter();
        let around = entered.filter_map(|span| Some(heard.spans.get(*span)?.in_words()));
        Told {
            name: message.unwrap_or_else(|| metadata.name().to_owned()),
            level: *metadata.level(),
            fields,
            declared: declared.collect(),
            inside: around.collect(),
        }
    }
}

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "tenant_core"
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        span.record(&mut fields);
        let mut heard = self.0.lock().unwrap();
        let span = Self::told(&heard, span.metadata(), fields);
        heard.spans.push(span);
        Id::from_u64(heard.spans.len() as u64)
    }

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut heard = self.0.lock().unwrap();
        let event = Self::told(&heard, event.metadata(), fields);
        heard.events.push(event);
    }

    fn enter(&self, span: &Id) {
        self.0.lock().unwrap().entered.push(index(span));
    }

    fn exit(&self, span: &Id) {
        let mut heard = self.0.lock().unwrap();
        let left = heard.entered.pop();
        assert_eq!(left, Some(index(span)));
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}
}

fn index(span: &Id) -> usize {
    usize::try_from(span.into_u64()).unwrap() - 1
}

/// Fields as text.
#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}
