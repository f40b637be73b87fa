//! That every remedy has words, and how several are put together.

use tenant_core::remedy::Advice;

use super::*;

fn name() -> tenant_core::TenantName {
    "acme".parse().unwrap()
}

#[test]
fn every_remedy_of_the_library_has_words_of_its_own() {
    let commands = Command::examples(&name()).into_iter().map(Remedy::Command);
    let advice = Advice::ALL.iter().map(|advice| Remedy::Advice(*advice));
    for remedy in commands.chain(advice) {
        let hint = hint(&remedy, &Invocation::default());
        let words = hint.sentence;
        assert!(!words.contains(advice::UNKNOWN), "{remedy:?}");
        assert!(!words.starts_with("Run."), "{remedy:?}");
        assert!(!hint.run.iter().any(|run| run.contains("xtask help")));
        assert!(words.ends_with('.') && !words.ends_with(".."), "{words}");
        assert!(!words.contains('\n') && !words.contains("  "), "{words}");
    }
}

#[test]
fn alternatives_are_told_from_what_only_explains() {
    let error = tenant_core::Error::MissingSchema(name());
    assert_eq!(
        text(&error.remedies(), &Invocation::default()).unwrap(),
        "Restore the schema from a backup.\nOr drop the tenant.\ncargo xtask db:drop:tenant acme"
    );
    let error = tenant_core::Error::Taken(name());
    assert_eq!(
        text(&error.remedies(), &Invocation::default()).unwrap(),
        "Choose another name.\nTo see which names are taken, list the tenants.\ncargo xtask db:list:tenants"
    );
    assert_eq!(text(&[], &Invocation::default()), None);
}

#[test]
fn a_page_has_what_to_run_behind_its_sentence() {
    let error = tenant_core::Error::MissingSchema(name());
    assert_eq!(
        paragraph(&error.remedies(), &Invocation::default()).unwrap(),
        "Restore the schema from a backup. Or drop the tenant: `cargo xtask db:drop:tenant acme`."
    );
}

#[test]
fn no_command_that_destroys_answers_its_own_question() {
    for command in Command::examples(&name()) {
        let call = Invocation::default().call(&command);
        assert!(!call.contains("--yes"), "{call}");
    }
}
