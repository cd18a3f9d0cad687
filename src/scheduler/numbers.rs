//! A list of numbers that takes room only where they differ: decisions keep thousands of them.

use std::ops::Index;

/// Numbers in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbers<T>(Kept<T>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kept<T> {
    /// So many times the same.
    Same(T, usize),
    Each(Box<[T]>),
}

impl<T> Numbers<T> {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Kept::Same(_, count) => *count,
            Kept::Each(numbers) => numbers.len(),
        }
    }

    /// True when there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        (0..self.len()).map(|place| &self[place])
    }
}

impl<T: PartialEq> From<Vec<T>> for Numbers<T> {
    fn from(mut numbers: Vec<T>) -> Self {
        let count = numbers.len();
        let differs = numbers.windows(2).any(|pair| pair[0] != pair[1]);
        Self(match numbers.pop() {
            Some(number) if !differs => Kept::Same(number, count),
            Some(number) => {
                numbers.push(number);
                Kept::Each(numbers.into())
            }
            None => Kept::Each(Box::default()),
        })
    }
}

impl<T: PartialEq> FromIterator<T> for Numbers<T> {
    fn from_iter<I: IntoIterator<Item = T>>(numbers: I) -> Self {
        numbers.into_iter().collect::<Vec<T>>().into()
    }
}

impl<T> Index<usize> for Numbers<T> {
    type Output = T;

    /// # Panics
    /// When there are not so many.
    fn index(&self, place: usize) -> &T {
        match &self.0 {
            Kept::Same(number, count) => {
                assert!(place < *count, "place {place} of {count} numbers");
                number
            }
            Kept::Each(numbers) => &numbers[place],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_numbers_are_kept_once_and_read_as_if_they_were_many() {
        for given in [vec![], vec![7], vec![7, 7, 7], vec![7, 7, 8]] {
            let numbers: Numbers<u16> = given.clone().into();
            assert_eq!(numbers.len(), given.len());
            assert_eq!(numbers.iter().copied().collect::<Vec<_>>(), given);
        }
        assert_eq!(Numbers::from(vec![7, 7]).0, Kept::Same(7, 2));
    }
}
