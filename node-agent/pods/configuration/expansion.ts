/**
 * Replaces `$(NAME)` by the variable's value, once and from left to right. What names nothing known stays as it is
 * written, and `$$` is a `$` that starts no reference: `$$(NAME)` becomes `$(NAME)`.
 * https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
 */
export function expand(text: string, variable: (name: string) => string | undefined): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (reference, name: string | undefined) =>
    name === undefined ? '$' : (variable(name) ?? reference),
  )
}
