//! How the state of a grid is read from an address and written to one.

use super::*;

#[test]
fn an_address_says_what_is_shown_and_back() {
    let query = "col=a&col=b%2C%22&sort=a&dir=desc&fc=a&fo=in&fv=1%2C2&fc=b&fo=null&fv=\
                 &size=100&after=%5B%22x%22%2Cnull%5D&n=50";
    let view = View::of(Some(query));
    assert_eq!(view.columns, ["a", "b,\""]);
    assert_eq!(view.filters.len(), 2);
    assert_eq!(view.at, At::After(vec![Some("x".to_owned()), None]));
    assert_eq!(view.at_path("/x"), format!("/x?{query}"));
}

#[test]
fn what_makes_no_sense_is_left_out() {
    let view = View::of(Some("fc=&fo=eq&fv=1&after=x&offset=-1&size=0&sort="));
    let usual = View {
        size: Some(1),
        ..View::default()
    };
    assert_eq!(view, usual);
    assert_eq!(View::of(Some("size=99999")).size(), MOST);
}

#[test]
fn a_column_sorts_up_then_down_then_not() {
    let none = View::of(Some("offset=50"));
    let up = none.sorted("a");
    assert_eq!(up.at_path(""), "?sort=a");
    assert_eq!(up.sorted("a").at_path(""), "?sort=a&dir=desc");
    assert_eq!(up.sorted("a").sorted("a").sort, None);
    assert_eq!(up.sorted("b").at_path(""), "?sort=b");
}

#[test]
fn a_list_may_have_quoted_items() {
    assert_eq!(
        items(r#"a, b,"c, ""d""",,e f"#),
        ["a", "b", "c, \"d\"", "", "e f"]
    );
}
