//! What holds what: which structs hold capabilities, and which hold themselves.

use std::collections::{BTreeSet, HashMap, HashSet};

use capnp::schema_capnp::{field, node, type_};

use super::request::Request;
use crate::error::Error;

/// What the structs of a schema hold.
pub(crate) struct Graph {
    capabilities: HashSet<u64>,
    /// What each struct holds without a list in between, by the worst link that may be used.
    reached: HashMap<Link, HashMap<u64, HashSet<u64>>>,
    deeper: HashSet<u64>,
}

/// How a struct holds another. Each is a case of the ones above it.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Link {
    /// As a field: its default holds the other's.
    Always,
    /// As the first member of a union: its default holds the other's, too.
    First,
    /// As another member of a union: its default does not hold it.
    Other,
    /// In a list, which is empty by default.
    Listed,
}

/// What a struct holds, groups included.
#[derive(Default)]
struct Holdings {
    structs: Vec<(u64, Link)>,
    capability: bool,
}

impl Link {
    /// The link of a field or a member, in what is itself held by a link.
    pub(crate) fn then(self, field: field::Reader<'_>) -> Self {
        self.max(match field.get_discriminant_value() {
            field::NO_DISCRIMINANT => Self::Always,
            0 => Self::First,
            _ => Self::Other,
        })
    }
}

impl Graph {
    pub(crate) fn new(request: &Request<'_>) -> Result<Self, Error> {
        let mut holdings = HashMap::new();
        let mut structs = Vec::new();
        for id in &request.order {
            if let Ok(node::Struct(structure)) = request.node(*id)?.which()
                && !structure.get_is_group()
            {
                let mut holding = Holdings::default();
                collect(request, structure, Link::Always, &mut holding)?;
                holdings.insert(*id, holding);
                structs.push(*id);
            }
        }
        // The order of the request is the compiler's, and changes with the files.
        structs.sort_unstable();
        let reached = |worst| reach(&structs, |id| edges(&holdings, id, worst));
        let all = reached(Link::Listed);
        let has_capability = |id: &u64| holdings.get(id).is_some_and(|held| held.capability);
        let capabilities = structs.iter().filter(|id| {
            has_capability(id) || all.get(id).into_iter().flatten().any(has_capability)
        });
        Ok(Self {
            capabilities: capabilities.copied().collect(),
            deeper: cut(&structs, &holdings),
            reached: [Link::Always, Link::First, Link::Other]
                .map(|worst| (worst, reached(worst)))
                .into(),
        })
    }

    /// Whether a struct holds a capability, at any depth.
    pub(crate) fn has_capabilities(&self, id: u64) -> bool {
        self.capabilities.contains(&id)
    }

    /// Whether reading a struct goes one level deeper. Of the structs of each circle there is at
    /// least one, and as few as can be told simply: levels are counted for people, who count a value
    /// in a value as one.
    pub(crate) fn goes_deeper(&self, id: u64) -> bool {
        self.deeper.contains(&id)
    }

    /// Whether `inner`, a struct in `outer`, holds `outer` in turn, by links no worse than `worst`.
    pub(crate) fn is_circle(&self, outer: u64, inner: u64, worst: Link) -> bool {
        let held = self
            .reached
            .get(&worst)
            .and_then(|reached| reached.get(&inner));
        outer == inner || held.is_some_and(|held| held.contains(&outer))
    }
}

fn collect(
    request: &Request<'_>,
    structure: node::struct_::Reader<'_>,
    link: Link,
    holdings: &mut Holdings,
) -> Result<(), Error> {
    for field in structure.get_fields()? {
        let link = link.then(field);
        match field.which().map_err(capnp::Error::from)? {
            field::Group(group) => {
                collect(
                    request,
                    request.structure(group.get_type_id())?,
                    link,
                    holdings,
                )?;
            }
            field::Slot(slot) => collect_type(slot.get_type()?, link, holdings)?,
        }
    }
    Ok(())
}

fn collect_type(ty: type_::Reader<'_>, link: Link, holdings: &mut Holdings) -> Result<(), Error> {
    match ty.which().map_err(capnp::Error::from)? {
        type_::Interface(_) => holdings.capability = true,
        type_::List(list) => collect_type(list.get_element_type()?, Link::Listed, holdings)?,
        type_::Struct(held) => holdings.structs.push((held.get_type_id(), link)),
        _ => {}
    }
    Ok(())
}

fn edges(holdings: &HashMap<u64, Holdings>, id: u64, worst: Link) -> impl Iterator<Item = u64> {
    let held = holdings.get(&id).into_iter().flat_map(|held| &held.structs);
    held.filter(move |(_, link)| *link <= worst)
        .map(|(id, _)| *id)
}

/// What can be reached from each of the structs, by one step or more.
fn reach<I: Iterator<Item = u64>>(
    structs: &[u64],
    steps: impl Fn(u64) -> I,
) -> HashMap<u64, HashSet<u64>> {
    let from = |start: u64| {
        let mut seen = HashSet::new();
        let mut open: Vec<u64> = steps(start).collect();
        while let Some(id) = open.pop() {
            if seen.insert(id) {
                open.extend(steps(id));
            }
        }
        seen
    };
    structs.iter().map(|id| (*id, from(*id))).collect()
}

/// Chooses structs so that every circle goes through one of them: those that hold themselves at
/// once, or else those of the lowest ids.
fn cut(structs: &[u64], holdings: &HashMap<u64, Holdings>) -> HashSet<u64> {
    let mut left: BTreeSet<usize> = (0..structs.len()).collect();
    let mut chosen = HashSet::new();
    for (at, id) in structs.iter().enumerate() {
        if edges(holdings, *id, Link::Listed).any(|held| held == *id) {
            chosen.insert(*id);
            left.remove(&at);
        }
    }
    loop {
        let ids: Vec<u64> = left.iter().map(|at| structs[*at]).collect();
        let reached = reach(&ids, |id| {
            edges(holdings, id, Link::Listed)
                .filter(|held| ids.contains(held))
                .collect::<Vec<_>>()
                .into_iter()
        });
        let in_a_circle = |at: &&usize| reached[&structs[**at]].contains(&structs[**at]);
        let Some(first) = left.iter().find(in_a_circle).copied() else {
            return chosen;
        };
        chosen.insert(structs[first]);
        left.remove(&first);
    }
}
