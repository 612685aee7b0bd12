/** What a specification asks for cannot be done; the message starts with the field's path. */
export class InvalidSpecError extends Error {
  readonly field: string

  constructor(field: string, message: string) {
    super(`${field}: ${message}`)
    this.name = 'InvalidSpecError'
    this.field = field
  }
}
