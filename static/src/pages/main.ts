// What every page has: styles, htmx and the small behaviours of the components.
import "../css/layers.css";
import "../styles";
import "../modules/htmx";
import "../modules/dialogs";
import "../modules/forms";
import "../modules/gallery";
import "../modules/kept-text";
import "../modules/nav";
import "../modules/passkeys";
import "../modules/pictures";
import "../modules/tabs";
import "../modules/times";
import "../modules/toasts";
