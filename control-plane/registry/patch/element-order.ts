// Where elements of a merged list go when a patch says in which order it wants those it knows. Pure.
import type { Json } from './json.ts'

/**
 * Elements named in `order` come in that order; elements only the server knew keep their order among themselves and
 * their place before those they stood before in `original`.
 * @param order elements (or objects that hold their merge key only)
 */
export function orderElements(
  merged: readonly Json[],
  order: readonly Json[],
  original: readonly Json[],
  identify: (element: Json) => string,
): readonly Json[] {
  const wanted = positions(order, identify)
  const before = positions(original, identify)
  const ordered: { element: Json; key: string }[] = []
  const others: { element: Json; key: string }[] = []
  for (const element of merged) {
    const key = identify(element)
    if (wanted.has(key)) ordered.push({ element, key })
    else others.push({ element, key })
  }
  const place = (key: string, places: Map<string, number>): number => places.get(key) ?? Number.POSITIVE_INFINITY
  ordered.sort((a, b) => place(a.key, wanted) - place(b.key, wanted))
  others.sort((a, b) => place(a.key, before) - place(b.key, before) || 0)
  const result: Json[] = []
  let next = 0
  for (const { element, key } of ordered) {
    const position = before.get(key)
    for (let other = others[next]; other !== undefined && position !== undefined; other = others[next]) {
      if (place(other.key, before) >= position) break
      result.push(other.element)
      next++
    }
    result.push(element)
  }
  for (; next < others.length; next++) {
    const other = others[next]
    if (other !== undefined) result.push(other.element)
  }
  return result
}

function positions(elements: readonly Json[], identify: (element: Json) => string): Map<string, number> {
  const places = new Map<string, number>()
  for (const [index, element] of elements.entries()) {
    const key = identify(element)
    if (!places.has(key)) places.set(key, index)
  }
  return places
}
