//! Where chance comes from: a seed, or a string of bytes that a fuzzer may bend. It must not know what is drawn from it.

/// A source of choices. The same source gives the same choices.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// An endless stream from a seed.
    Seeded(u64),
    /// Bytes from elsewhere; when they are used up every choice is the first.
    Given { bytes: Vec<u8>, at: usize },
}

impl Source {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self::Seeded(seed)
    }

    pub(crate) fn of_bytes(bytes: &[u8]) -> Self {
        Self::Given { bytes: bytes.to_vec(), at: 0 }
    }

    /// Whether no choice is left.
    pub(crate) fn dry(&self) -> bool {
        match self {
            Self::Seeded(_) => false,
            Self::Given { bytes, at } => *at >= bytes.len(),
        }
    }

    /// A number; two bytes of it count, so that a fuzzer's bytes reach every choice.
    pub(crate) fn word(&mut self) -> u64 {
        match self {
            Self::Seeded(state) => {
                *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
                let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
                mixed ^ (mixed >> 31)
            }
            Self::Given { bytes, at } => {
                let pair = [bytes.get(*at), bytes.get(*at + 1)];
                *at += 2;
                pair.into_iter().flatten().fold(0, |word, byte| (word << 8) | u64::from(*byte))
            }
        }
    }

    /// A number from 0 to `n`, `n` left out.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        let n = n.max(1) as u64;
        usize::try_from(self.word() % n).unwrap_or(0)
    }

    /// A small number from 0 to `n`, `n` left out.
    pub(crate) fn small(&mut self, n: u8) -> u8 {
        u8::try_from(self.below(usize::from(n))).unwrap_or(0)
    }

    /// A number for choosing later among things not counted yet.
    pub(crate) fn which(&mut self) -> u16 {
        u16::try_from(self.word() & 0xFFFF).unwrap_or(0)
    }

    /// True once in `n` times.
    pub(crate) fn chance(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of these.
    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

#[test]
fn bytes_and_seeds_give_the_same_choices_again() {
    let draw = |mut source: Source| (0..50).map(|_| source.below(7)).collect::<Vec<_>>();
    assert_eq!(draw(Source::seeded(7)), draw(Source::seeded(7)));
    assert_ne!(draw(Source::seeded(7)), draw(Source::seeded(8)));
    assert_eq!(draw(Source::of_bytes(b"abc")), draw(Source::of_bytes(b"abc")));
    let mut short = Source::of_bytes(b"ab");
    assert!(!short.dry());
    assert_eq!(short.word(), 0x6162);
    assert!(short.dry());
    assert_eq!(short.word(), 0);
}
