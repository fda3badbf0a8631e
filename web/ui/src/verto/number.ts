/** What people type or paste as a number, and what of it is dialled. */

/** What stands between digits, so that people read them more easily; and marks that nobody sees, which are copied along. */
const BETWEEN = /[\s()./\p{Dash}]/gu
const UNSEEN = /\p{Cf}/gu

/**
 * What is dialled: 1 to 32 of `0-9 * # +`, as the PBX takes it (`web/src/verto/filter/fields.rs`). Null: there is
 * something else in it, or nothing at all.
 */
export const dialable = (typed: string): string | null => {
  // "+49 (0) 30": the 0 is for those who do not dial the country.
  const seen = typed.replace(UNSEEN, '')
  const international = /^\s*\+/.test(seen) ? seen.replace(/\(\s*0\s*\)/, '') : seen
  const number = international.replace(BETWEEN, '')
  return /^[0-9*#+]{1,32}$/.test(number) ? number : null
}
