/** Names that a person gives: petnames and device names. */

const maxLength = 64;
/**
 * Control and format characters (Cc, Cf: they include direction marks, joiners, zero-width spaces), separators of lines
 * and paragraphs, private use, unassigned and lone surrogates. The zero-width joiner and variation selector stay: emoji
 * and several scripts need them.
 */
const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}]/u;
const allowedFormat = /[\u200c\u200d\ufe0f]/gu;

/** The name in Unicode's composed form without outer spaces, or undefined if it cannot be used. */
export function cleanName(name: string): string | undefined {
  const clean = name.normalize("NFC").trim();
  if (clean.length === 0 || clean.length > maxLength) return undefined;
  const visible = clean.replaceAll(allowedFormat, "");
  return visible.length === 0 || hidden.test(visible) ? undefined : clean;
}
