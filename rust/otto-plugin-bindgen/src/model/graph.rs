//! What holds what: which structs hold capabilities, and which hold themselves.

use std::collections::{BTreeSet, HashMap, HashSet};

use capnp::schema_capnp::{field, node, type_};

use super::request::Request;
use crate::error::Error;

/// What the structs of a schema hold.
pub(crate) struct Graph {
    capabilities: HashSet<u64>,
    /// The structs that each struct holds directly, or through other structs, without a list.
    direct: HashMap<u64, HashSet<u64>>,
    deeper: HashSet<u64>,
}

/// What a struct holds, groups included.
#[derive(Default)]
struct Holdings {
    /// Structs, each with whether it is held without a list in between.
    structs: Vec<(u64, bool)>,
    capability: bool,
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
                collect(request, structure, &mut holding)?;
                holdings.insert(*id, holding);
                structs.push(*id);
            }
        }
        let all = reach(&structs, |id| edges(&holdings, id, false));
        let direct = reach(&structs, |id| edges(&holdings, id, true));
        let capabilities = structs
            .iter()
            .filter(|id| {
                let held = all.get(id).into_iter().flatten();
                held.chain([*id])
                    .any(|id| holdings.get(id).is_some_and(|held| held.capability))
            })
            .copied()
            .collect();
        let deeper = cut(&structs, &holdings);
        Ok(Self {
            capabilities,
            direct,
            deeper,
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

    /// Whether `inner`, a struct right in `outer`, holds `outer` in turn, without a list.
    pub(crate) fn is_circle(&self, outer: u64, inner: u64) -> bool {
        self.direct
            .get(&inner)
            .is_some_and(|held| held.contains(&outer))
            || outer == inner
    }
}

fn collect(
    request: &Request<'_>,
    structure: node::struct_::Reader<'_>,
    holdings: &mut Holdings,
) -> Result<(), Error> {
    for field in structure.get_fields()? {
        match field.which().map_err(capnp::Error::from)? {
            field::Group(group) => {
                collect(request, request.structure(group.get_type_id())?, holdings)?;
            }
            field::Slot(slot) => collect_type(slot.get_type()?, true, holdings)?,
        }
    }
    Ok(())
}

fn collect_type(ty: type_::Reader<'_>, direct: bool, holdings: &mut Holdings) -> Result<(), Error> {
    match ty.which().map_err(capnp::Error::from)? {
        type_::Interface(_) => holdings.capability = true,
        type_::List(list) => collect_type(list.get_element_type()?, false, holdings)?,
        type_::Struct(held) => holdings.structs.push((held.get_type_id(), direct)),
        _ => {}
    }
    Ok(())
}

fn edges(
    holdings: &HashMap<u64, Holdings>,
    id: u64,
    only_direct: bool,
) -> impl Iterator<Item = u64> {
    let held = holdings.get(&id).into_iter().flat_map(|held| &held.structs);
    held.filter(move |(_, direct)| *direct || !only_direct)
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
/// once, or else the first ones of the schema.
fn cut(structs: &[u64], holdings: &HashMap<u64, Holdings>) -> HashSet<u64> {
    let mut left: BTreeSet<usize> = (0..structs.len()).collect();
    let mut chosen = HashSet::new();
    for (at, id) in structs.iter().enumerate() {
        if edges(holdings, *id, false).any(|held| held == *id) {
            chosen.insert(*id);
            left.remove(&at);
        }
    }
    loop {
        let ids: Vec<u64> = left.iter().map(|at| structs[*at]).collect();
        let reached = reach(&ids, |id| {
            edges(holdings, id, false)
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
