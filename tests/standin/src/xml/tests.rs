//! Trees as a module sees them, against what FreeSWITCH 1.11.1 was seen to do.

use std::ffi::{CStr, CString};

use freeswitch_sys::{
    switch_bool_t, switch_xml_attr_soft, switch_xml_child, switch_xml_find_child, switch_xml_free,
    switch_xml_parse_str_dynamic, switch_xml_t, switch_xml_toxml_ex,
};

use super::exports::error;
use super::read::{attribute, children};
use crate::ledger::{Kind, balance};

fn parse(text: &str) -> switch_xml_t {
    let text = CString::new(text).expect("no NUL");
    // SAFETY: a C string, copied.
    unsafe { switch_xml_parse_str_dynamic(text.as_ptr().cast_mut(), switch_bool_t::SWITCH_TRUE) }
}

fn print(xml: switch_xml_t) -> String {
    let (no, yes) = (switch_bool_t::SWITCH_FALSE, switch_bool_t::SWITCH_TRUE);
    // SAFETY: a live tree.
    let text = unsafe { switch_xml_toxml_ex(xml, no, yes) };
    // SAFETY: a C string of ours.
    let copy = unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned();
    // SAFETY: from malloc.
    unsafe { libc::free(text.cast()) };
    copy
}

/// Frees what `parse` made.
fn free(xml: switch_xml_t) {
    // SAFETY: made by `parse` and not used again.
    unsafe { switch_xml_free(xml) };
}

/// Printed by a FreeSWITCH 1.11.1: `xml_locate configuration configuration name zz.conf`.
#[test]
fn a_tree_is_printed_as_the_switch_prints_it() {
    let xml = parse(
        r#"<configuration name="zz.conf" description="é">
  <settings>
    <param name="a" value="x &amp; y &lt; &quot;z&quot; é"/>
    <!-- c -->
    <text>hello <b>bold</b> world &unknown; &#x41;</text>
    <cd><![CDATA[<x>&]]></cd>
  </settings>
  <other/>
  <settings>twice</settings>
</configuration>"#,
    );
    let expected = r#"<configuration name="zz.conf" description="&#xE9;">
    <settings>
        <param name="a" value="x &amp; y &lt; &quot;z&quot; &#xE9;"></param>

    
        <text>hello       <b>bold</b>
 world &amp;unknown; A</text>

        <cd>&lt;x&gt;&amp;</cd>

  </settings>

    <other></other>

    <settings>twice</settings>

</configuration>
"#;
    assert_eq!(print(xml), expected);
    free(xml);
}

#[test]
fn children_are_linked_by_name_by_kind_and_in_order() {
    let xml = parse("<a><x n='1'/><y/><x n='2'/><z/><x n='3'/></a>");
    let numbers: Vec<_> = children(xml, "x").filter_map(|x| attribute(x, "n")).collect();
    assert_eq!(numbers, ["1", "2", "3"]);
    // SAFETY: a live node.
    let mut child = unsafe { (*xml).child };
    let mut kinds = Vec::new();
    while !child.is_null() {
        // SAFETY: a live node.
        let node = unsafe { &*child };
        // SAFETY: a child has a name.
        kinds.push(
            unsafe { CStr::from_ptr(node.name) }
                .to_string_lossy()
                .into_owned(),
        );
        child = node.sibling;
    }
    assert_eq!(kinds, ["x", "y", "z"]);
    // SAFETY: a live node.
    let mut child = unsafe { (*xml).child };
    let mut count = 0;
    while !child.is_null() {
        count += 1;
        // SAFETY: a live node.
        child = unsafe { (*child).ordered };
    }
    assert_eq!(count, 5);
    free(xml);
}

#[test]
fn a_child_is_found_by_an_attribute_without_regard_to_case() {
    let xml = parse("<a><user id='Alice'/><user id='bob'/><group/></a>");
    // SAFETY: a live tree and C strings.
    let bob = unsafe { switch_xml_find_child(xml, c"user".as_ptr(), c"id".as_ptr(), c"BOB".as_ptr()) };
    assert_eq!(attribute(bob, "id").as_deref(), Some("bob"));
    // SAFETY: as above.
    let nobody = unsafe { switch_xml_find_child(xml, c"user".as_ptr(), c"id".as_ptr(), c"carol".as_ptr()) };
    assert!(nobody.is_null());
    // SAFETY: as above; without a value the node itself is found.
    let itself = unsafe { switch_xml_find_child(xml, c"user".as_ptr(), c"id".as_ptr(), std::ptr::null()) };
    assert_eq!(itself, xml);
    // SAFETY: NULL is allowed.
    assert!(unsafe { switch_xml_child(std::ptr::null_mut(), c"user".as_ptr()) }.is_null());
    // SAFETY: a live node and a C string.
    let soft = unsafe { switch_xml_attr_soft(bob, c"absent".as_ptr()) };
    // SAFETY: never NULL.
    assert_eq!(unsafe { CStr::from_ptr(soft) }, c"");
    free(xml);
}

#[test]
fn text_that_is_no_xml_is_a_tree_with_an_error_or_nothing() {
    for bad in [
        "text",
        "<a>",
        "<a></b>",
        "<a b=>",
        "<a/><b/>",
        "<a b='1>",
        "<![CDATA[",
        "<a>&",
    ] {
        let xml = parse(bad);
        assert!(!xml.is_null(), "{bad}");
        // SAFETY: a live tree.
        let said = unsafe { error(xml) };
        assert!(said.starts_with("[error near line 1]"), "{bad}: {said:?}");
        free(xml);
    }
    let xml = parse("<a/>");
    // SAFETY: a live tree.
    assert_eq!(unsafe { error(xml) }, "");
    free(xml);
    assert!(parse("").is_null());
}

#[test]
fn text_that_is_given_away_goes_with_the_tree() {
    // SAFETY: a C string.
    let text = unsafe { libc::strdup(c"<a b='c'/>".as_ptr()) };
    // SAFETY: from malloc; taken, since it is not empty.
    let xml = unsafe { switch_xml_parse_str_dynamic(text, switch_bool_t::SWITCH_FALSE) };
    assert_eq!(attribute(xml, "b").as_deref(), Some("c"));
    free(xml);
    // SAFETY: as above.
    let empty = unsafe { libc::strdup(c"".as_ptr()) };
    // SAFETY: from malloc; empty text stays ours.
    assert!(unsafe { switch_xml_parse_str_dynamic(empty, switch_bool_t::SWITCH_FALSE) }.is_null());
    // SAFETY: ours.
    unsafe { libc::free(empty.cast()) };
}

#[test]
fn what_is_parsed_is_counted_and_deep_or_wide_trees_are_freed() {
    let deep = format!("{}{}", "<a>".repeat(50_000), "</a>".repeat(50_000));
    let wide = format!("<a>{}</a>", "<b c='d'>e</b>".repeat(50_000));
    for text in [deep, wide] {
        let before = balance().taken(Kind::XmlNode);
        let xml = parse(&text);
        // Other tests parse meanwhile: at least these.
        assert!(balance().taken(Kind::XmlNode) >= before + 50_000);
        free(xml);
    }
}
