import { RuntimeError } from '../errors.ts'

/**
 * A field's value. Enumerations of proto3 are open, so a client may send a number that has no meaning here: taking it for
 * one that has could run something unconfined.
 * @param values the generated enumeration
 * @param absent what a field that was not sent means: its zero value
 * @throws RuntimeError `invalid`
 */
export function enumValue<T extends number>(
  values: Readonly<Record<string, T>>,
  value: T | undefined,
  absent: T,
  field: string,
): T {
  const given = value ?? absent
  if (Object.values(values).includes(given)) return given
  throw new RuntimeError('invalid', `${field}: ${given} means nothing here: one of ${Object.keys(values).join(', ')}`)
}
