import { InstructorPage } from './instructor.tsx'
import { LearnerPage } from './learner.tsx'
import { me } from './me.ts'
import { SignIn } from './sign-in.tsx'

/** The page of a server: to sign in, and then what the key is for. */
export function ClassPage() {
  if (me.value === null) return <SignIn />
  return me.value.key.instructor ? <InstructorPage /> : <LearnerPage />
}
