"""Operations on the tree, written once as generators, and the scripts they run."""
