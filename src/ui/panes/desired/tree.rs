//! The tree of owners as rows: everything when it fits, else a window around the selection.

use std::collections::BTreeSet;
use std::ops::Bound::{Excluded, Unbounded};

use crate::api::{Key, Kind, meta};
use crate::ui::panes::Direction;
use crate::ui::panes::index::{Index, Objects, Section};
use crate::ui::view::View;

/// One line of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// How deep it stands.
    pub depth: usize,
    /// What it shows.
    pub what: What,
}

/// What a line shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A workload; whether what it owns is shown, if it owns anything.
    Owner {
        /// Which.
        key: Key,
        /// Open, closed, or nothing to open.
        open: Option<bool>,
    },
    /// A pod.
    Pod(Key),
    /// A Service.
    Service(Key),
    /// An autoscaler, a budget, a quota, or a namespace that is being deleted.
    Policy(Key),
    /// So many rows are left out here.
    More(usize),
}

impl What {
    /// The object of the line.
    pub(super) fn key(&self) -> Option<&Key> {
        match self {
            Self::Owner { key, .. } | Self::Pod(key) | Self::Service(key) | Self::Policy(key) => {
                Some(key)
            }
            Self::More(_) => None,
        }
    }
}

/// The rows for so many lines. Only what is shown is looked at.
pub(super) fn rows(view: &View<'_>, objects: &Objects, height: usize) -> Vec<Row> {
    let tree = Tree { view, objects };
    let whole = objects.roots().iter().try_fold(0, |sum: usize, (_, root)| {
        let sum = sum + tree.size(root, height + 1);
        (sum <= height).then_some(sum)
    });
    if whole.is_some() {
        let mut rows = Vec::new();
        for (_, root) in objects.roots() {
            tree.open(root, 0, &mut rows);
        }
        return rows;
    }
    let path = tree
        .selected()
        .map(|key| tree.path(&key))
        .unwrap_or_default();
    let mut rows = Vec::new();
    tree.window(&path, (None, 0), height, &mut rows);
    tree.fill(height, &mut rows);
    rows
}

/// The object that is selected after a move. None when there is nothing there.
#[must_use]
pub fn next(view: &View<'_>, direction: Direction) -> Option<Key> {
    let index = Index::of(view.world());
    let tree = Tree {
        view,
        objects: &index.objects,
    };
    let Some(here) = tree.selected() else {
        return index.objects.roots().first().map(|(_, root)| root.clone());
    };
    match direction {
        Direction::Left => tree.parent(&here),
        Direction::Right => tree.children(&here)?.first().cloned(),
        Direction::Down => {
            let inside = tree.children(&here).and_then(BTreeSet::first).cloned();
            inside.or_else(|| tree.after(&here))
        }
        Direction::Up => tree
            .before(&here)
            .map(|above| tree.last(above))
            .or_else(|| tree.parent(&here)),
    }
}

struct Tree<'a> {
    view: &'a View<'a>,
    objects: &'a Objects,
}

impl Tree<'_> {
    /// The selected object, if it stands in the tree.
    fn selected(&self) -> Option<Key> {
        let key = self.view.model.selection.as_ref()?;
        (self.view.world().store().get(key).is_some() && section(key).is_some())
            .then(|| key.clone())
    }

    fn children(&self, key: &Key) -> Option<&BTreeSet<Key>> {
        if section(key)? != Section::Workload {
            return None;
        }
        self.objects
            .owned_by(self.view.world().store().get(key)?.uid())
    }

    fn parent(&self, key: &Key) -> Option<Key> {
        let object = self.view.world().store().get(key)?;
        let owner = meta::controller_of(object.metadata())?;
        self.objects.owner(&owner.uid).cloned()
    }

    fn path(&self, key: &Key) -> Vec<Key> {
        let mut path: Vec<Key> = std::iter::successors(Some(key.clone()), |key| self.parent(key))
            .take(8)
            .collect();
        path.reverse();
        path
    }

    fn after(&self, key: &Key) -> Option<Key> {
        if let Some(parent) = self.parent(key) {
            let siblings = self.children(&parent)?;
            let next = siblings.range((Excluded(key), Unbounded)).next().cloned();
            return next.or_else(|| self.after(&parent));
        }
        let here = (section(key)?, key.clone());
        let mut after = self.objects.roots().range((Excluded(here), Unbounded));
        after.next().map(|(_, root)| root.clone())
    }

    /// The sibling before it; none for the first child.
    fn before(&self, key: &Key) -> Option<Key> {
        if let Some(parent) = self.parent(key) {
            return self.children(&parent)?.range(..key).next_back().cloned();
        }
        let here = (section(key)?, key.clone());
        let before = self.objects.roots().range(..here).next_back();
        before.map(|(_, root)| root.clone())
    }

    fn last(&self, key: Key) -> Key {
        match self.children(&key).and_then(BTreeSet::last) {
            Some(child) => self.last(child.clone()),
            None => key,
        }
    }

    /// How many rows an object takes with all that it owns; counted no further than `most`.
    fn size(&self, key: &Key, most: usize) -> usize {
        let mut size = 1;
        for child in self.children(key).into_iter().flatten() {
            if size > most {
                break;
            }
            size += if child.kind == Kind::Pod {
                1
            } else {
                self.size(child, most - size.min(most))
            };
        }
        size
    }

    fn open(&self, key: &Key, depth: usize, rows: &mut Vec<Row>) {
        let children = self.children(key);
        rows.push(row(key, depth, children.map(|_| true)));
        for child in children.into_iter().flatten() {
            self.open(child, depth + 1, rows);
        }
    }

    /// One level of the tree in at most so many rows: the child on the path to the selection open,
    /// its siblings closed around it.
    fn window(&self, path: &[Key], at: (Option<&Key>, usize), room: usize, rows: &mut Vec<Row>) {
        let (parent, depth) = at;
        let begin = rows.len();
        if let Some(pods) = parent.and_then(|parent| self.cut_pods(parent, path.get(depth), room)) {
            rows.extend(pods.into_iter().map(|what| Row { depth, what }));
            return;
        }
        let Some(siblings) = self.siblings(parent, path.get(depth), room) else {
            return;
        };
        let others = siblings.before.0 + siblings.after.0;
        let mut inside = Vec::new();
        let own = room - others.min(room / 2);
        inside.push(row(
            siblings.chosen,
            depth,
            self.children(siblings.chosen).map(|_| own > 1),
        ));
        if own > 1 && self.children(siblings.chosen).is_some() {
            self.window(
                path,
                (Some(siblings.chosen), depth + 1),
                own - 1,
                &mut inside,
            );
        }
        let outside = room.saturating_sub(inside.len());
        let (before, after) = shares(siblings.before.0, siblings.after.0, outside);
        let more = |count: usize| Row {
            depth,
            what: What::More(count),
        };
        let closed = |key: &&Key| row(key, depth, self.children(key).map(|_| false));
        let left_out = (siblings.before.0 - before, siblings.after.0 - after);
        rows.extend((left_out.0 > 0).then(|| more(left_out.0)));
        rows.extend(siblings.before.1[..before].iter().rev().map(closed));
        rows.extend(inside);
        rows.extend(siblings.after.1[..after].iter().map(closed));
        rows.extend((left_out.1 > 0).then(|| more(left_out.1)));
        rows.truncate(begin + room.max(1));
    }

    /// The pods of an owner that has more than there are lines: the chosen one and those that are
    /// not well, then others, in the order of their names; the last line says how many are left out.
    fn cut_pods(&self, owner: &Key, chosen: Option<&Key>, room: usize) -> Option<Vec<What>> {
        let children = self.children(owner)?;
        let is_pods = children.first()?.kind == Kind::Pod && children.last()?.kind == Kind::Pod;
        if !is_pods || children.len() <= room {
            return None;
        }
        let places = room.saturating_sub(1);
        let uid = self.view.world().store().get(owner)?.uid();
        let troubled = self.objects.troubled(uid).into_iter().flatten();
        if chosen.is_none() && places == 0 {
            return Some(vec![What::More(children.len())]);
        }
        let mut shown: BTreeSet<&Key> = chosen.into_iter().collect();
        for pod in troubled.chain(children) {
            if shown.len() >= places {
                break;
            }
            shown.insert(pod);
        }
        let left_out = children.len() - shown.len();
        let pods = shown.into_iter().cloned().map(What::Pod);
        let more = (room > 1).then_some(What::More(left_out));
        Some(pods.chain(more).collect())
    }

    /// Opens what is closed while there are empty lines below.
    fn fill(&self, height: usize, rows: &mut Vec<Row>) {
        let mut place = 0;
        while place < rows.len() {
            let spare = height.saturating_sub(rows.len());
            let Some(Row { depth, what }) = rows.get(place).cloned() else {
                return;
            };
            if let What::Owner {
                key,
                open: Some(false),
            } = what
                && spare > 0
            {
                let mut inside = Vec::new();
                self.window(&[], (Some(&key), depth + 1), spare, &mut inside);
                rows[place] = row(&key, depth, Some(true));
                let below = rows.split_off(place + 1);
                rows.extend(inside);
                rows.extend(below);
            }
            place += 1;
        }
    }

    /// The children of an object, or the roots, seen from one of them; the first if none is chosen.
    fn siblings<'a>(
        &'a self,
        parent: Option<&Key>,
        chosen: Option<&Key>,
        room: usize,
    ) -> Option<Siblings<'a>> {
        let Some(parent) = parent else {
            let roots = self.objects.roots();
            let chosen = chosen.and_then(|key| roots.get(&(section(key)?, key.clone())));
            let chosen = chosen.or_else(|| roots.first())?;
            let before = roots.range(..chosen).map(|(_, key)| key);
            let after = roots
                .range((Excluded(chosen), Unbounded))
                .map(|(_, key)| key);
            return Some(Siblings::new(before, &chosen.1, after, room));
        };
        let children = self.children(parent)?;
        let chosen = chosen
            .and_then(|key| children.get(key))
            .or_else(|| children.first())?;
        let after = children.range((Excluded(chosen), Unbounded));
        Some(Siblings::new(children.range(..chosen), chosen, after, room))
    }
}

/// Neighbours of one key: how many there are on each side, and those that may be shown, nearest first.
struct Siblings<'a> {
    before: (usize, Vec<&'a Key>),
    chosen: &'a Key,
    after: (usize, Vec<&'a Key>),
}

impl<'a> Siblings<'a> {
    fn new(
        before: impl DoubleEndedIterator<Item = &'a Key> + Clone,
        chosen: &'a Key,
        after: impl Iterator<Item = &'a Key> + Clone,
        room: usize,
    ) -> Self {
        Self {
            before: (before.clone().count(), before.rev().take(room).collect()),
            chosen,
            after: (after.clone().count(), after.take(room).collect()),
        }
    }
}

/// How many of those before and after are shown in so many lines, lines for "more" taken off.
fn shares(before: usize, after: usize, room: usize) -> (usize, usize) {
    if before + after <= room {
        return (before, after);
    }
    let half = room / 2;
    let first = if before <= half {
        before
    } else {
        room.saturating_sub(after).max(half)
    };
    let second = (room - first).min(after);
    let cut = |count: usize, whole: usize| {
        if count < whole {
            count.saturating_sub(1)
        } else {
            count
        }
    };
    (cut(first, before), cut(second, after))
}

fn row(key: &Key, depth: usize, open: Option<bool>) -> Row {
    let what = match key.kind {
        Kind::Pod => What::Pod(key.clone()),
        Kind::Service => What::Service(key.clone()),
        Kind::HorizontalPodAutoscaler
        | Kind::PodDisruptionBudget
        | Kind::ResourceQuota
        | Kind::Namespace => What::Policy(key.clone()),
        _ => What::Owner {
            key: key.clone(),
            open,
        },
    };
    Row { depth, what }
}

fn section(key: &Key) -> Option<Section> {
    Section::of(key.kind)
}
