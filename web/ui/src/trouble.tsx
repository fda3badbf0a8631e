import { languageOf } from './refusals.ts'

/** What went wrong, read aloud when it does. Nothing went wrong: nothing is there. */
export const Trouble = ({ text }: { text: string }) =>
  text ? (
    <p class="bad" role="alert" lang={languageOf(text)}>
      {text}
    </p>
  ) : null
