"""What was wrong with an answer, a connection or the credentials: the `detail` of a reason's sentence.

Scripts read the English; the page words it in its own language. What a library or the system said in its
own words (of a certificate, of a file) is passed on as it is.
"""

from enum import StrEnum

from pods.domain.sentences import N_


class Detail(StrEnum):
    """A noun phrase or clause that goes after a colon."""

    ADDRESS_MALFORMED = N_("the server's address or token is malformed")
    BODY_CUT_OFF = N_("a compressed body that was cut off")
    BODY_ENCODING = N_("a body compressed in a way not asked for")
    BODY_MALFORMED = N_("a malformed compressed body")
    BODY_SEVERAL = N_("more than one compressed body")
    CERTIFICATES_MALFORMED = N_("the CA, or the client's certificate and key, are malformed")
    CERTIFICATE_INVALID = N_("not valid")
    CONNECTION_BROKE = N_("the connection broke")
    CONNECTION_REFUSED = N_("the connection was refused")
    ERROR_WITHOUT_STATUS = N_("an ERROR event without a Status")
    EVENT_CUT_OFF = N_("an event that was cut off")
    EVENT_NO_JSON = N_("an event that is not JSON")
    EVENT_TOO_LARGE = N_("an event of over 16 MiB")
    EVENT_UNKNOWN = N_("an event of unknown type")
    EVENT_WITHOUT_ROW = N_("a Table event without a row")
    FILE_UNREADABLE = N_("a file cannot be read")
    KUBECONFIG_MALFORMED = N_("the kubeconfig file is malformed")
    KUBECONFIG_MISSING = N_("the kubeconfig file is missing")
    LIST_NO_JSON = N_("a list that is not JSON")
    NAME_UNKNOWN = N_("its name is not known")
    NO_LIST = N_("a list was expected")
    NO_TABLE = N_("pods are not served as a Table")
    OBJECT_NO_JSON = N_("an object that is not JSON")
    PAGE_TOO_LARGE = N_("a page of over 256 MiB")
    TABLE_COLUMN = N_("the Table of pods lacks a column")
    TLS_FAILED = N_("the TLS handshake failed")
    TOKEN_EMPTY = N_("the token file is empty")
    VERSION_NO_JSON = N_("its version is not JSON")
