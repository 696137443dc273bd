/** What stands in place of the rows where there is none to show: a title, and what to do. */

/**
 * @param {Texts} texts
 * @param {FeedView} feedView words the reasons
 * @param {object} view the feed's state
 * @param {number} size how many pods there are, filtered out or not
 * @param {{filtered: string}} config
 */
export function emptyWords(texts, feedView, view, size, config) {
  const ui = (key, fields) => texts.ui(key, fields);
  if (view.state === 'signed_out') {
    return { title: ui('signed_out'), text: ui('signed_out_help') };
  }
  if (view.state === 'ended') {
    return { title: ui('ended'), text: feedView.reason(view) };
  }
  if (size > 0) {
    return { title: ui('nothing_matches'), text: ui('nothing_matches_help', { count: size }) };
  }
  if (view.code === 'forbidden') {
    return { title: ui('not_readable'), text: ui('not_readable_help') };
  }
  if (view.state === 'stale') {
    return { title: ui('no_rows_stale'), text: ui('no_rows_stale_help') };
  }
  if (view.state === 'catching_up') {
    return { title: ui('loading'), text: ui('loading_help') };
  }
  return config.filtered
    ? { title: ui('no_pods_filtered'), text: config.filtered }
    : { title: ui('no_pods'), text: ui('no_pods_help') };
}
