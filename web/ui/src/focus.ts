/** As a `ref`: takes the keyboard there when it appears, and only then. */
export const focus = (element: HTMLElement | null): void => element?.focus()
