// Finds the fewest rows that have to move for a new order.

/**
 * Returns for each row of the new order whether it stays, so that all others can be put between
 * those that stay: the rows of a longest rising sequence of old numbers.
 *
 * @param before The number of each row in the old order; -1 for a row that was not in it.
 */
export function rowsThatStay(before: readonly number[]): boolean[] {
  // `tails[n]` ends the rising sequence of n + 1 rows whose last old number is the least.
  const tails: number[] = [];
  const previous = new Array<number>(before.length).fill(-1);
  for (let row = 0; row < before.length; row++) {
    const old = before[row] as number;
    if (old < 0) continue;
    const length = sequenceBefore(tails, before, old);
    if (length > 0) previous[row] = tails[length - 1] as number;
    tails[length] = row;
  }
  const stays = new Array<boolean>(before.length).fill(false);
  for (let row = tails.at(-1) ?? -1; row >= 0; row = previous[row] as number) stays[row] = true;
  return stays;
}

/** Returns how many rows the longest sequence has that an old number can continue. */
function sequenceBefore(tails: readonly number[], before: readonly number[], old: number): number {
  let low = 0;
  let high = tails.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((before[tails[middle] as number] as number) < old) low = middle + 1;
    else high = middle;
  }
  return low;
}
