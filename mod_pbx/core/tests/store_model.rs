//! Random commits: the snapshot that was stepped along is the one a new start reads; revisions have no gaps.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod store_common;

use std::collections::BTreeMap;
use std::time::Duration;

use pbx_core::secret;
use pbx_core::store::snapshot::{Extension, Snapshot};
use pbx_core::store::{Change, Commit, Pace, Page, Table};
use proptest::prelude::*;
use store_common::{Bench, Tenant};
use uuid::Uuid;

/// All that lookups can see.
fn visible(snapshot: &Snapshot) -> (u64, BTreeMap<String, BTreeMap<String, Extension>>) {
    let mut domains = BTreeMap::new();
    for (name, domain) in &snapshot.domains {
        assert_eq!(name, &domain.name);
        let mut found = BTreeMap::new();
        let mut extensions = 0;
        for extension in domain.extensions() {
            extensions += 1;
            let names = extension.lines.iter().map(|line| line.username.as_str());
            for name in names.chain([extension.number.as_str()]) {
                assert!(
                    std::sync::Arc::ptr_eq(domain.find(name).unwrap(), extension),
                    "{name}"
                );
                found.insert(name.to_owned(), Extension::clone(extension));
            }
        }
        assert_eq!(domain.len(), extensions);
        domains.insert(name.to_string(), found);
    }
    (snapshot.rev, domains)
}

#[derive(Debug, Clone)]
enum Step {
    Add(u8, u8),
    SecondLine(u8, u8),
    Renumber(u8, u8),
    Toggle(u8, bool),
    ToggleLine(u8, bool),
    Mail(u8, Option<u8>),
    MoveLine(u8, u8),
    DeleteLine(u8),
    DeleteExtension(u8),
    RenameDomain(u8, u8),
    DeleteDomain(u8),
    Undo(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let n = || 0..6_u8;
    prop_oneof![
        4 => (0..3_u8, n()).prop_map(|(d, x)| Step::Add(d, x)),
        2 => (n(), n()).prop_map(|(x, l)| Step::SecondLine(x, l)),
        2 => (n(), n()).prop_map(|(x, to)| Step::Renumber(x, to)),
        1 => (n(), any::<bool>()).prop_map(|(x, on)| Step::Toggle(x, on)),
        1 => (n(), any::<bool>()).prop_map(|(l, on)| Step::ToggleLine(l, on)),
        1 => (n(), proptest::option::of(n())).prop_map(|(x, m)| Step::Mail(x, m)),
        1 => (n(), n()).prop_map(|(l, x)| Step::MoveLine(l, x)),
        1 => n().prop_map(Step::DeleteLine),
        1 => n().prop_map(Step::DeleteExtension),
        1 => (0..3_u8, 0..5_u8).prop_map(|(d, to)| Step::RenameDomain(d, to)),
        1 => (0..3_u8).prop_map(Step::DeleteDomain),
        2 => (0..20_u8).prop_map(Step::Undo),
    ]
}

/// The changes of a step, from what is stored; none where there is nothing it could be about.
fn changes(bench: &Bench, step: &Step) -> Option<Vec<Change>> {
    let all = bench
        .store
        .read(|r| {
            let domains = r.domains()?;
            let (mut extensions, mut lines) = (Vec::new(), Vec::new());
            for domain in &domains {
                extensions.extend(r.extensions(domain.id, "", Page::ALL)?.rows);
                lines.extend(r.lines(domain.id, "", Page::ALL)?.rows);
            }
            Ok((domains, extensions, lines))
        })
        .unwrap();
    let (domains, extensions, lines) = &all;
    let extension = |n: u8| extensions.get(usize::from(n) % extensions.len().max(1)).cloned();
    let line = |n: u8| lines.get(usize::from(n) % lines.len().max(1)).cloned();
    let domain_name = |n: u8| format!("d{n}.test");
    let name_of = |id: Uuid| domains.iter().find(|d| d.id == id).unwrap().name.to_string();
    Some(match *step {
        Step::Add(d, x) => match domains
            .iter()
            .find(|domain| domain.name.as_str() == domain_name(d))
        {
            Some(domain) => Tenant::in_domain(domain, &format!("u{x}"), &format!("10{x}")).put_in(),
            None => Tenant::new(&domain_name(d), &format!("u{x}"), &format!("10{x}")).put(),
        },
        Step::SecondLine(x, l) => {
            let extension = extension(x)?;
            // May be its own number, another's number, or neither.
            let username = format!("10{l}");
            let mut line = Tenant::new("x.test", &username, "1000").line;
            line.domain_id = extension.domain_id;
            line.extension_id = extension.id;
            line.user_id = extension.user_id;
            line.a1 = secret::a1_hex(&username, &name_of(extension.domain_id), "kT8!vqPz2w");
            vec![Change::put(line)]
        }
        Step::Renumber(x, to) => {
            let mut extension = extension(x)?;
            extension.number = format!("10{to}").parse().unwrap();
            vec![Change::edit(extension)]
        }
        Step::Toggle(x, on) => {
            let mut extension = extension(x)?;
            extension.enabled = on;
            vec![Change::edit(extension)]
        }
        Step::ToggleLine(l, on) => {
            let mut line = line(l)?;
            line.enabled = on;
            vec![Change::edit(line)]
        }
        Step::Mail(x, mail) => {
            let id = extension(x)?.user_id;
            let mut user = bench
                .store
                .read(|r| r.get::<pbx_core::store::rows::User>(id))
                .unwrap()?;
            user.email = mail.map(|n| format!("m{n}@mail.test"));
            vec![Change::edit(user)]
        }
        Step::MoveLine(l, x) => {
            let (mut line, extension) = (line(l)?, extension(x)?);
            line.extension_id = extension.id;
            vec![Change::edit(line)]
        }
        Step::DeleteLine(l) => vec![Change::delete(line(l)?)],
        Step::DeleteExtension(x) => {
            let extension = extension(x)?;
            let own = lines.iter().filter(|line| line.extension_id == extension.id);
            let mut changes: Vec<Change> = own.cloned().map(Change::delete).collect();
            changes.push(Change::delete(extension));
            changes
        }
        Step::RenameDomain(d, to) => {
            let mut domain = domains.get(usize::from(d))?.clone();
            domain.name = domain_name(to).parse().unwrap();
            let own = lines.iter().filter(|line| line.domain_id == domain.id).cloned();
            let mut changes: Vec<Change> = own
                .map(|mut line| {
                    line.a1 = secret::a1_hex(line.username.as_str(), domain.name.as_str(), "another one");
                    Change::edit(line)
                })
                .collect();
            changes.push(Change::edit(domain));
            changes
        }
        Step::DeleteDomain(d) => {
            let domain = domains.get(usize::from(d))?;
            bench
                .store
                .read(|r| {
                    let mut changes = vec![Change::delete(domain.clone())];
                    for user in r.users(Some(domain.id), "", Page::ALL)?.rows {
                        changes.push(Change::delete(user));
                    }
                    for channel in r.channels(domain.id, "", Page::ALL)?.rows {
                        changes.push(Change::delete(channel));
                    }
                    let own = extensions
                        .iter()
                        .filter(|extension| extension.domain_id == domain.id);
                    changes.extend(own.cloned().map(Change::delete));
                    let own = lines.iter().filter(|line| line.domain_id == domain.id);
                    changes.extend(own.cloned().map(Change::delete));
                    Ok(changes)
                })
                .unwrap()
        }
        Step::Undo(_) => return None,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 200, ..ProptestConfig::default() })]
    #[test]
    fn a_new_start_reads_what_the_commits_left(steps in proptest::collection::vec(step(), 1..40)) {
        let mut bench = Bench::new();
        let mut made = 0;
        for step in &steps {
            let result = match step {
                Step::Undo(n) => bench.store.revert(made - (u64::from(*n)).min(made), "tester", Uuid::now_v7(), false),
                step => match changes(&bench, step) {
                    Some(changes) => bench.commit(changes),
                    None => continue,
                },
            };
            // Refusals are in order, as long as they are refusals and leave nothing behind.
            match result {
                Ok(revision) => {
                    made += 1;
                    prop_assert_eq!(revision.rev, made);
                }
                Err(error) => prop_assert!(
                    !matches!(error, pbx_core::store::StoreError::Sqlite { .. }),
                    "{step:?}: {error}"
                ),
            }
            prop_assert_eq!(bench.store.snapshot().rev, made);
        }
        let stepped = visible(&bench.store.snapshot());
        prop_assert!(bench.store.health().last_error.is_none());
        bench.reopen().unwrap();
        prop_assert_eq!(stepped, visible(&bench.store.snapshot()));
    }
}

#[test]
fn many_writers_make_revisions_without_gaps_while_backups_run() {
    let bench = Bench::with_pace(Pace {
        look: Duration::from_millis(3),
        ..Pace::default()
    });
    bench.put(&Tenant::new("d0.test", "alice", "1001"));
    let domain = bench.store.read(|r| r.domains()).unwrap().remove(0);
    let revs = std::sync::Mutex::new(vec![1]);
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let (bench, domain, revs) = (&bench, &domain, &revs);
            scope.spawn(move || {
                for n in 0..25 {
                    let tenant =
                        Tenant::in_domain(domain, &format!("w{writer}.{n}"), &format!("2{writer}{n:02}"));
                    let mut commit = Commit::new(format!("writer {writer}"), "adds");
                    commit.changes = tenant.put_in();
                    let revision = bench.store.commit(commit).unwrap();
                    revs.lock().unwrap().push(revision.rev);
                }
            });
        }
        for n in 0..5 {
            let file = bench.dir.path().join(format!("b{n}.db"));
            bench.store.backup(&file).unwrap();
            // A backup is one committed state: as many extensions as revisions.
            let copy = rusqlite::Connection::open(&file).unwrap();
            let one = |sql: &str| copy.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
            assert_eq!(one("SELECT count(*) FROM extension"), one("SELECT rev FROM head"));
            assert_eq!(one("SELECT count(*) FROM revision"), one("SELECT rev FROM head"));
        }
    });
    let mut revs = revs.into_inner().unwrap();
    revs.sort_unstable();
    assert_eq!(revs, (1..=101).collect::<Vec<_>>());
    bench
        .store
        .read(|r| {
            assert_eq!(r.count(Table::Extension)?, 101);
            for rev in 1..=101 {
                let rows = r.changes(rev)?;
                assert_eq!(rows.len(), if rev == 1 { 5 } else { 4 });
                assert!(rows.iter().enumerate().all(|(n, row)| row.ord == n as u64));
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(bench.store.health().last_error, None);
}
