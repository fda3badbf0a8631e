//! DIDs by number: a hash map of those that are whole, another of prefixes, asked from the longest down.

use std::sync::Arc;

use uuid::Uuid;

use super::pieces::Pieces;
use super::{Did, digits};
use crate::names::E164;

/// The longest number, in digits. E.164 has 15.
const LONGEST: usize = 18;

/// Every DID. By its id in a persistent map, of which a change copies a path; by its number in pieces.
#[derive(Debug, Clone, Default)]
pub struct Dids {
    by_id: imbl::HashMap<Uuid, Arc<Did>>,
    whole: Pieces<Few>,
    prefixes: Pieces<Few>,
    /// How many prefixes have so many digits.
    lengths: [u32; LONGEST + 1],
}

/// The DIDs of one number: one, but for conditions.
#[derive(Debug, Clone)]
enum Few {
    One(Arc<Did>),
    /// Those with conditions first.
    Many(Arc<[Arc<Did>]>),
}

impl Few {
    fn all(&self) -> &[Arc<Did>] {
        match self {
            Self::One(did) => std::slice::from_ref(did),
            Self::Many(all) => all,
        }
    }

    /// Of none: nothing.
    fn of(mut all: Vec<Arc<Did>>) -> Option<Self> {
        all.sort_by_key(|did| {
            (
                did.gateway().is_none(),
                std::cmp::Reverse(did.caller().map_or(0, |caller| caller.as_str().len())),
                did.id,
            )
        });
        match all.len() {
            0 => None,
            1 => all.pop().map(Self::One),
            _ => Some(Self::Many(all.into())),
        }
    }
}

/// Up to eighteen digits as a number that no other digits are.
pub(super) fn key(digits: &str) -> Option<u64> {
    let good = (1..=LONGEST).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    good.then(|| {
        digits
            .bytes()
            .fold(1, |key: u64, digit| key * 10 + u64::from(digit - b'0'))
    })
}

impl PartialEq for Dids {
    fn eq(&self, other: &Self) -> bool {
        self.by_id == other.by_id
    }
}

impl Dids {
    /// The DID with this id.
    pub fn get(&self, id: Uuid) -> Option<&Arc<Did>> {
        self.by_id.get(&id)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Whose number these digits are, for a caller with these digits (empty: it gives none) whom this gateway brings, of
    /// this domain's numbers alone if one is named: another domain's hides none of them. A whole number goes before a
    /// prefix, a longer prefix before a shorter one, one for this gateway before one for any, one for this caller before
    /// one for anybody.
    pub fn find(
        &self,
        called: &str,
        caller: &str,
        gateway: Option<Uuid>,
        domain: Option<&str>,
    ) -> Option<&Arc<Did>> {
        self.first(called, |did| {
            domain.is_none_or(|domain| did.domain.as_str() == domain)
                && did.gateway().is_none_or(|own| Some(own) == gateway)
                && did
                    .caller()
                    .is_none_or(|prefix| caller.starts_with(prefix.as_str()))
        })
    }

    /// Whether a call to this number outside would come back: by whichever gateway, from a caller without a number.
    pub fn is_own(&self, number: &E164) -> bool {
        let own = |called| self.first(called, |did| did.caller().is_none());
        digits(number.as_str()).and_then(own).is_some()
    }

    fn first(&self, called: &str, fits: impl Fn(&Did) -> bool) -> Option<&Arc<Did>> {
        let fitting = |few: &'_ Few| few.all().iter().position(|did| fits(did));
        let whole = self.whole.get(key(called)?);
        if let Some(few) = whole
            && let Some(place) = fitting(few)
        {
            return few.all().get(place);
        }
        (1..=called.len())
            .rev()
            .filter(|length| self.lengths[*length] > 0)
            .find_map(|length| {
                let few = self.prefixes.get(key(&called[..length])?)?;
                few.all().get(fitting(few)?)
            })
    }

    /// Adds a DID, in the place of the one with its id.
    pub fn insert(&mut self, did: Did) {
        self.remove(did.id);
        let Some(key) = key(did.number.as_str()) else {
            return;
        };
        let did = Arc::new(did);
        let map = if did.is_prefix {
            self.lengths[did.number.as_str().len()] += 1;
            &mut self.prefixes
        } else {
            &mut self.whole
        };
        let mut all = map.get(key).map(|few| few.all().to_vec()).unwrap_or_default();
        all.push(Arc::clone(&did));
        if let Some(few) = Few::of(all) {
            map.insert(key, few);
        }
        self.by_id.insert(did.id, did);
    }

    /// Takes a DID out, if it is there.
    pub fn remove(&mut self, id: Uuid) {
        let Some(did) = self.by_id.remove(&id) else { return };
        let Some(key) = key(did.number.as_str()) else {
            return;
        };
        let map = if did.is_prefix {
            self.lengths[did.number.as_str().len()] -= 1;
            &mut self.prefixes
        } else {
            &mut self.whole
        };
        let Some(few) = map.get(key) else { return };
        let rest = few.all().iter().filter(|other| other.id != id).cloned().collect();
        match Few::of(rest) {
            Some(few) => map.insert(key, few),
            None => map.remove(key),
        };
    }
}

impl FromIterator<Did> for Dids {
    fn from_iter<I: IntoIterator<Item = Did>>(all: I) -> Self {
        let mut dids = Self::default();
        all.into_iter().for_each(|did| dids.insert(did));
        dids
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dids::{Destination, Rare, Strategy, Turn};

    fn did(number: &str, is_prefix: bool, caller: Option<&str>) -> Did {
        Did {
            id: Uuid::now_v7(),
            number: number.parse().unwrap(),
            is_prefix,
            strategy: Strategy::All,
            ring_seconds: None,
            domain: Arc::new("pbx.test".parse().unwrap()),
            members: Box::default(),
            then: Destination::HangUp,
            rare: caller.map(|caller| {
                Box::new(Rare {
                    caller: Some(caller.parse().unwrap()),
                    ..Rare::default()
                })
            }),
            turn: Turn::default(),
        }
    }

    #[test]
    fn the_nearest_is_found_and_what_is_taken_out_is_gone() {
        let all = [
            did("4930", true, None),
            did("493012", true, None),
            did("49301234", false, None),
            did("49301234", false, Some("44")),
            did("49301234", false, Some("4420")),
            did("49309", false, Some("1")),
        ];
        let ids: Vec<Uuid> = all.iter().map(|did| did.id).collect();
        let mut dids: Dids = all.into_iter().collect();
        let found =
            |dids: &Dids, called: &str, caller: &str| dids.find(called, caller, None, None).map(|did| did.id);
        assert_eq!(found(&dids, "49301234", "33"), Some(ids[2]));
        assert_eq!(found(&dids, "49301234", ""), Some(ids[2]));
        assert_eq!(found(&dids, "49301234", "44161"), Some(ids[3]));
        assert_eq!(found(&dids, "49301234", "442071"), Some(ids[4]));
        assert_eq!(found(&dids, "49301235", "44"), Some(ids[1]));
        assert_eq!(found(&dids, "493013", "44"), Some(ids[0]));
        assert_eq!(found(&dids, "4930", "44"), Some(ids[0]), "a prefix holds itself");
        assert_eq!(
            (found(&dids, "49309", "12"), found(&dids, "49309", "2")),
            (Some(ids[5]), Some(ids[0]))
        );
        for none in ["", "493", "4931", "0", "x", "49301234567890123456", "4930x"] {
            assert_eq!(found(&dids, none, ""), None, "{none}");
        }
        let carrier = Uuid::now_v7();
        let mut own = did("49301234", false, None);
        own.rare = Some(Box::new(Rare {
            gateway: Some(carrier),
            ..Rare::default()
        }));
        let id = own.id;
        dids.insert(own);
        let by = |gateway| dids.find("49301234", "442071", gateway, None).map(|did| did.id);
        assert_eq!(by(Some(carrier)), Some(id), "its own before any other");
        assert_eq!(by(Some(Uuid::now_v7())), Some(ids[4]));
        assert_eq!(by(None), Some(ids[4]));
        dids.remove(id);
        let number = |text: &str| text.parse::<E164>().unwrap();
        assert!(dids.is_own(&number("+49301234")) && !dids.is_own(&number("+4931234567")));
        let mut own = did("441632960", false, None);
        own.rare = Some(Box::new(Rare {
            gateway: Some(carrier),
            ..Rare::default()
        }));
        let id = own.id;
        dids.insert(own);
        assert!(dids.is_own(&number("+441632960")), "by its gateway it comes back");
        dids.remove(id);
        dids.remove(ids[2]);
        assert_eq!(found(&dids, "49301234", "33"), Some(ids[1]));
        dids.remove(ids[1]);
        dids.remove(ids[0]);
        assert_eq!(found(&dids, "49301235", ""), None);
        for id in ids {
            dids.remove(id);
        }
        assert!(dids.is_empty() && dids.whole.is_empty() && dids.prefixes.is_empty());
        assert_eq!(dids.lengths, [0; LONGEST + 1]);
    }

    #[test]
    fn another_domains_number_hides_none_of_ones_own() {
        let of = |domain: &str, mut did: Did| {
            did.domain = Arc::new(domain.parse().unwrap());
            did
        };
        let all = [
            of("one.test", did("4930", true, None)),
            of("two.test", did("493012", true, None)),
            of("two.test", did("49301234", false, None)),
            of("one.test", did("49301234", false, Some("44"))),
        ];
        let ids: Vec<Uuid> = all.iter().map(|did| did.id).collect();
        let dids: Dids = all.into_iter().collect();
        let found = |caller: &str, domain: Option<&str>, called: &str| {
            let did = dids.find(called, caller, None, domain)?;
            ids.iter().position(|id| *id == did.id)
        };
        assert_eq!(found("33", None, "49301234"), Some(2));
        assert_eq!(found("33", Some("two.test"), "49301234"), Some(2));
        assert_eq!(found("33", Some("one.test"), "49301234"), Some(0), "its prefix");
        assert_eq!(found("44", Some("one.test"), "49301234"), Some(3));
        assert_eq!(found("44", Some("two.test"), "49301234"), Some(2));
        assert_eq!(found("", Some("one.test"), "493012999"), Some(0));
        assert_eq!(found("", Some("two.test"), "493099"), None);
    }

    #[test]
    fn no_two_numbers_have_one_key() {
        assert_ne!(key("1"), key("01"));
        assert_ne!(key("0"), key("00"));
        assert!(key("999999999999999999").is_some() && key("9999999999999999999").is_none());
        assert!(key("").is_none() && key("+49").is_none());
    }
}
