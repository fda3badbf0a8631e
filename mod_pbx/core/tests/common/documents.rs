//! What a document says.

use pbx_core::xml::tree::Element;

/// Every element of a document, outermost first.
pub fn elements(document: &str) -> Vec<Element> {
    fn walk(element: &Element, into: &mut Vec<Element>) {
        into.push(element.clone());
        for child in element.children() {
            walk(child, into);
        }
    }
    let mut all = Vec::new();
    walk(&Element::parse(document).unwrap(), &mut all);
    all
}

/// The users in a document.
pub fn users(document: &str) -> Vec<Element> {
    elements(document)
        .into_iter()
        .filter(|e| e.name() == "user")
        .collect()
}

/// The value of a user's parameter or variable; there must not be two.
pub fn value(user: &Element, container: &str, name: &str) -> Option<String> {
    let mut values = user
        .child(container)?
        .children()
        .filter(|pair| pair.attribute("name") == Some(name))
        .map(|pair| pair.attribute("value").unwrap().to_owned());
    let value = values.next();
    assert!(values.next().is_none(), "two of {name}");
    value
}
