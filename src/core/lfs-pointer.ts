/** Whether a text is what Git LFS leaves in the place of a file that was not fetched. */
export const isLfsPointer = (text: string): boolean =>
  /^version https:\/\/(git-lfs|hawser)\.github\.com\/spec\//.test(text)
