# Reference values for concordance. Run: Rscript r_concordance.R FOLDER_OF_SURVIVAL > r_concordance.txt
suppressMessages(library(survival))
show <- function(name, x) cat(name, sprintf("%.17g", x), "\n")
cat("#", R.version.string, "survival", as.character(packageVersion("survival")), "\n")
folder <- commandArgs(TRUE)[1]
veteran <- read.csv(file.path(folder, "veteran.csv"))
colon <- subset(read.csv(file.path(folder, "colon.csv")), etype == 2 & !is.na(nodes))
scores <- list(
  veteran_karno = list(veteran, -0.0331 * veteran$karno + 0.0123 * veteran$diagtime),
  veteran_trt = list(veteran, 0.25 * veteran$trt),
  colon_nodes = list(colon, 0.0877 * colon$nodes + 0.0071 * colon$age),
  colon_sex = list(colon, -0.5 * colon$sex))
for (name in names(scores)) {
  data <- scores[[name]][[1]]; data$score <- scores[[name]][[2]]
  fit <- concordance(Surv(time, status) ~ score, data = data, reverse = TRUE, timefix = FALSE)
  show(name, c(fit$concordance, sqrt(fit$var)))
}
# two scores of the same people: models held at their coefficients, so that R compares the scores themselves
for (name in c("veteran", "colon")) {
  two <- if (name == "veteran") scores[c("veteran_karno", "veteran_trt")] else scores[c("colon_nodes", "colon_sex")]
  data <- two[[1]][[1]]; data$a <- two[[1]][[2]]; data$b <- two[[2]][[2]]
  one <- coxph(Surv(time, status) ~ a, data, init = 1, control = coxph.control(iter.max = 0, timefix = FALSE))
  other <- coxph(Surv(time, status) ~ b, data, init = 1, control = coxph.control(iter.max = 0, timefix = FALSE))
  both <- concordance(one, other, timefix = FALSE)
  show(paste0(name, "_difference"), c(diff(both$concordance), sqrt(c(-1, 1) %*% both$var %*% c(-1, 1))))
}
