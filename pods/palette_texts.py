"""The texts of the palette's and the saved views' scripts (see pods.texts)."""

from pods.domain.sentences import N_

PALETTE: dict[str, str] = {
    "all": N_("All namespaces"),
    "kind_namespace": N_("namespace"),
    "kind_cluster": N_("cluster"),
    "kind_view": N_("view"),
    "kind_action": N_("action"),
    "open_chosen": N_("Open {names}"),
    "shared_by": N_("shared by {name}"),
    "chosen": N_("chosen"),
    "add": N_("Add to those that are shown"),
    "take": N_("Take from those that are shown"),
    "added": N_("{name} is added. Namespaces chosen: {count}"),
    "taken": N_("{name} is taken away. Namespaces chosen: {count}"),
    "too_many": N_("At most {most} namespaces can be shown at once."),
    "more": N_("{shown} of {all}"),
    "loading": N_("What you may see is on its way."),
    "failed": N_("The portal does not tell what you may see. Close this and open it again."),
    "none": N_("Nothing is found."),
}

VIEWS: dict[str, str] = {
    "save": N_("Save"),
    "update": N_("Update"),
    "share": N_("Share"),
    "unshare": N_("Stop sharing"),
    "delete": N_("Delete"),
    "delete_sure": N_("Delete for good"),
    "shared": N_("shared"),
    "shared_by": N_("shared by {name}"),
    "saved": N_("“{name}” is saved."),
    "deleted": N_("“{name}” is deleted."),
    "failed": N_("That did not come through: the portal does not answer."),
    "none": N_("None yet."),
    "not_told": N_("The portal does not tell which views there are. Close this and open it again."),
}
