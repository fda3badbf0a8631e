//! Tab completion: the rows and functions that modules leave with the console.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char};
use std::ptr;
use std::sync::{Mutex, PoisonError};

use freeswitch_sys::{
    switch_console_callback_match_node, switch_console_callback_match_t, switch_console_complete_callback_t,
    switch_status_t,
};

use crate::ledger::{self, Kind};
use crate::text::{c_string, text};

/// How many words a row holds, as the columns of the switch's table.
const WORDS: usize = 10;

static ROWS: Mutex<Vec<Vec<String>>> = Mutex::new(Vec::new());
static FUNCTIONS: Mutex<BTreeMap<String, switch_console_complete_callback_t>> = Mutex::new(BTreeMap::new());

#[unsafe(no_mangle)]
unsafe extern "C" fn switch_console_set_complete(string: *const c_char) -> switch_status_t {
    // SAFETY: NULL or a C string.
    let Some(line) = (unsafe { text(string) }) else {
        return switch_status_t::SWITCH_STATUS_FALSE;
    };
    if set_complete(&line) {
        switch_status_t::SWITCH_STATUS_SUCCESS
    } else {
        switch_status_t::SWITCH_STATUS_FALSE
    }
}

/// `add WORD…`, `stickyadd WORD…`, `del WORD…` (rows that begin so) and `del *`. `_any_` stands for any word.
pub(crate) fn set_complete(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let verb = words.next().unwrap_or_default().to_ascii_lowercase();
    let row: Vec<String> = words
        .take(WORDS)
        .map(|word| {
            if word.eq_ignore_ascii_case("_any_") {
                String::new()
            } else {
                word.to_owned()
            }
        })
        .collect();
    let mut rows = ROWS.lock().unwrap_or_else(PoisonError::into_inner);
    match verb.as_str() {
        "add" | "stickyadd" => {
            rows.push(row);
            ledger::take(Kind::Completion, 1);
            true
        }
        "del" if !row.is_empty() => {
            let before = rows.len();
            rows.retain(|known| row != ["*"] && !known.starts_with(&row));
            ledger::give_back(Kind::Completion, before - rows.len());
            true
        }
        _ => false,
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn switch_console_add_complete_func(
    name: *const c_char,
    cb: switch_console_complete_callback_t,
) -> switch_status_t {
    // SAFETY: a C string.
    let name = unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned();
    let old = FUNCTIONS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(name, cb);
    if old.is_none() {
        ledger::take(Kind::CompleteFunction, 1);
    }
    switch_status_t::SWITCH_STATUS_SUCCESS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn switch_console_del_complete_func(name: *const c_char) -> switch_status_t {
    // SAFETY: a C string.
    let name = unsafe { CStr::from_ptr(name) }.to_string_lossy();
    let old = FUNCTIONS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .remove(&*name);
    if old.is_some() {
        ledger::give_back(Kind::CompleteFunction, 1);
    }
    // As the switch, which does not mind a name that it never knew.
    switch_status_t::SWITCH_STATUS_SUCCESS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn switch_console_push_match(
    matches: *mut *mut switch_console_callback_match_t,
    new_val: *const c_char,
) {
    // SAFETY: the caller's pointer to a list or to NULL.
    let list = unsafe { &mut *matches };
    if list.is_null() {
        let new = switch_console_callback_match_t {
            head: ptr::null_mut(),
            end: ptr::null_mut(),
            count: 0,
            dynamic: 1,
        };
        *list = Box::into_raw(Box::new(new));
        ledger::take(Kind::Match, 1);
    }
    // SAFETY: a C string.
    let val = unsafe { CStr::from_ptr(new_val) }.to_owned().into_raw();
    let node = Box::into_raw(Box::new(switch_console_callback_match_node {
        val,
        next: ptr::null_mut(),
    }));
    // SAFETY: a list made here.
    let list = unsafe { &mut **list };
    if list.head.is_null() {
        list.head = node;
    } else {
        // SAFETY: a list with a head has an end.
        unsafe { (*list.end).next = node };
    }
    list.end = node;
    list.count += 1;
}

#[unsafe(no_mangle)]
unsafe extern "C" fn switch_console_free_matches(matches: *mut *mut switch_console_callback_match_t) {
    // SAFETY: as `into_values`.
    drop(unsafe { into_values(matches) });
}

/// Empties and frees a list.
///
/// # Safety
/// `matches` points to a list made here or to NULL.
unsafe fn into_values(matches: *mut *mut switch_console_callback_match_t) -> Vec<String> {
    // SAFETY: by the caller's promise.
    let list = std::mem::replace(unsafe { &mut *matches }, ptr::null_mut());
    if list.is_null() {
        return Vec::new();
    }
    // SAFETY: made by push_match, and given back now.
    let list = unsafe { Box::from_raw(list) };
    ledger::give_back(Kind::Match, 1);
    let (mut values, mut node) = (Vec::new(), list.head);
    while !node.is_null() {
        // SAFETY: made by push_match.
        let gone = unsafe { Box::from_raw(node) };
        // SAFETY: as above.
        values.push(
            unsafe { CString::from_raw(gone.val) }
                .to_string_lossy()
                .into_owned(),
        );
        node = gone.next;
    }
    values
}

/// Candidates for the last word of `line`, sorted: `commands` for the first word, then what rows and functions
/// say. As in the switch, words already typed match rows by their beginnings.
pub(crate) fn complete(line: &str, commands: &[String]) -> Vec<String> {
    let line = line.trim_start();
    let typed: Vec<&str> = line.split_whitespace().collect();
    let last = if line.ends_with(' ') {
        ""
    } else {
        typed.last().copied().unwrap_or_default()
    };
    let at = typed.len() - usize::from(!last.is_empty());
    let mut found: Vec<String> = Vec::new();
    if at == 0 {
        found.extend(commands.iter().filter(|name| name.starts_with(last)).cloned());
    }
    let rows = ROWS.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let fits = |row: &&Vec<String>| {
        typed.iter().enumerate().all(|(at, word)| {
            row.get(at).is_some_and(|known| {
                known.is_empty()
                    || known.starts_with("::")
                    || known.starts_with(word) && (!last.is_empty() || known == word)
            })
        })
    };
    let mut targets: Vec<&String> = rows.iter().filter(fits).filter_map(|row| row.get(at)).collect();
    targets.sort();
    targets.dedup();
    for target in targets {
        if let Some(list) = target.strip_prefix("::[") {
            found.extend(list.split(':').map(str::to_owned));
        } else if target.starts_with("::") {
            found.extend(run(target, line, last));
        } else {
            found.push(target.clone());
        }
    }
    found.retain(|word| !word.is_empty() && word.starts_with(last));
    found.sort();
    found.dedup();
    found
}

/// Runs a module's completion function, under the lock that removing it takes.
fn run(name: &str, line: &str, last: &str) -> Vec<String> {
    let functions = FUNCTIONS.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(Some(function)) = functions.get(name) else {
        return Vec::new();
    };
    // As in the switch: no word typed yet is NULL, and the place for matches is not initialised.
    let word = (!last.is_empty()).then(|| c_string(last));
    let word = word.as_ref().map_or(ptr::null(), |word| word.as_ptr());
    let mut matches = ptr::without_provenance_mut(usize::MAX);
    // SAFETY: C strings or NULL; registered, and not removed while the lock is held.
    let status = unsafe { function(c_string(line).as_ptr(), word, &raw mut matches) };
    if status != switch_status_t::SWITCH_STATUS_SUCCESS {
        return Vec::new();
    }
    // SAFETY: a function that succeeds has set the list.
    unsafe { into_values(&raw mut matches) }
}

#[cfg(test)]
mod tests {
    use super::*;

    unsafe extern "C" fn numbers(
        _line: *const c_char,
        _word: *const c_char,
        matches: *mut *mut switch_console_callback_match_t,
    ) -> switch_status_t {
        let mut list = ptr::null_mut();
        for number in [c"1002", c"1001", c"2001"] {
            // SAFETY: a list or NULL, and a C string.
            unsafe { switch_console_push_match(&raw mut list, number.as_ptr()) };
        }
        // SAFETY: the caller's to be written.
        unsafe { *matches = list };
        switch_status_t::SWITCH_STATUS_SUCCESS
    }

    #[test]
    fn rows_lists_and_functions_say_what_comes_next() {
        let commands = ["pbx".to_owned(), "pause".to_owned()];
        assert_eq!(complete("p", &commands), ["pause", "pbx"]);
        for row in [
            "add pbx user add",
            "add pbx user list",
            "add pbx show ::[on:off",
            "add pbx call ::numbers",
        ] {
            assert!(set_complete(row));
        }
        // SAFETY: a C string and a function that stays.
        unsafe { switch_console_add_complete_func(c"::numbers".as_ptr(), Some(numbers)) };
        assert_eq!(complete("pbx ", &commands), ["call", "show", "user"]);
        assert_eq!(complete("pbx user ", &commands), ["add", "list"]);
        assert_eq!(complete("pbx user l", &commands), ["list"]);
        assert_eq!(complete("pbx show o", &commands), ["off", "on"]);
        assert_eq!(complete("pbx call ", &commands), ["1001", "1002", "2001"]);
        assert_eq!(complete("pbx call 1", &commands), ["1001", "1002"]);
        assert!(complete("pbx nothing ", &commands).is_empty());
        assert!(set_complete("del pbx"));
        // SAFETY: a C string.
        unsafe { switch_console_del_complete_func(c"::numbers".as_ptr()) };
        assert!(complete("pbx ", &commands).is_empty());
        let books = ledger::balance();
        for kind in [Kind::Completion, Kind::CompleteFunction, Kind::Match] {
            assert_eq!(books.out(kind), 0, "{kind:?}");
        }
        assert!(!set_complete("nonsense pbx"));
    }
}
